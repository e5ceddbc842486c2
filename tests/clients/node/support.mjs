// What the tests share: the stack that `stack.py` started for them, and clients of it.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

if (!process.env.STACK) throw new Error('start these tests with tests/clients/run, or: stack.py node --test ...');
export const stack = JSON.parse(process.env.STACK);

/** The Anthropic SDK. It does not retry unless a test is about that. */
export function claude(key = stack.keys['ok-anthropic'], options = {}) {
  return new Anthropic({ baseURL: stack.base_url, apiKey: key, maxRetries: 0, timeout: 30_000, ...options });
}

/** The OpenAI SDK. */
export function gpt(key = stack.keys['ok-openai'], options = {}) {
  return new OpenAI({ baseURL: `${stack.base_url}/v1`, apiKey: key, maxRetries: 0, timeout: 30_000, ...options });
}

/** A conversation of one user message, in Messages, Chat and Responses alike. */
export const user = (content) => [{ role: 'user', content }];

/** Runs `tollgate` on the stack's configuration; its output. */
export function cli(args, input = '') {
  const options = { input, encoding: 'utf8', timeout: 60_000, stdio: ['pipe', 'pipe', 'inherit'] };
  return execFileSync(stack.binary, ['--config', stack.config, ...args], options);
}

/** What each caller's protocol can be translated to. */
const others = (caller) => Object.keys(stack.foreign[caller]);
const platformOf = (protocol) => (protocol === 'messages' ? 'anthropic' : 'openai');

/** What a caller speaks, and what the account behind the gate speaks. */
class Lane {
  constructor(caller, spoken) {
    Object.assign(this, { caller, spoken, native: caller === spoken });
  }

  toString() {
    return `${this.caller} on ${this.spoken}`;
  }

  /** A key of the lane that all tests share. */
  get sharedKey() {
    return stack.keys[this.native ? `ok-${platformOf(this.caller)}` : `${this.caller}-on-${this.spoken}`];
  }

  /** A new key with a group and an account of its own: what happens to the account disturbs no one else. The records
   * are found by the key's name. */
  async ownKey(name = `lane-${randomUUID()}`) {
    const home = platformOf(this.spoken);
    const platform = this.native ? home : stack.foreign[this.caller][this.spoken];
    const pairs = platformOf(this.caller) === home ? [] : stack.mapping[platformOf(this.caller)];
    const maps = pairs.flatMap((pair) => ['--map', pair]);
    cli(['group', 'create', name, '--platform', platform, ...maps]);
    const address = this.native ? '--base-url' : `--base-url-${this.spoken}`;
    const served = stack.served.flatMap((model) => ['--model', model]);
    const account = ['account', 'create', name, '--platform', home, '--group', name, address, stack.sandbox_url];
    cli([...account, ...served, '--credential-stdin'], name);
    const { key } = JSON.parse(cli(['key', 'create', name, '--user', 'ada', '--group', name, '--json']));
    await until(async () => (await fetch(`${stack.base_url}/v1/models`, { headers: { 'x-api-key': key } })).ok);
    return key;
  }
}

/** The lanes of a caller, the native one first. */
export const lanesOf = (caller) => [caller, ...others(caller)].map((spoken) => new Lane(caller, spoken));

/** A key of a native lane of its own. */
export const ownKey = (caller) => new Lane(caller, caller).ownKey();

/** The usage record of a key's only request; it is written behind the answer. */
export async function recordOf(name) {
  let records = [];
  await until(() => {
    records = JSON.parse(cli(['usage', '--key', name, '--limit', '10', '--json']));
    return records.length > 0;
  });
  return records[0];
}

/** Waits until `ready` says so. */
export async function until(ready, limitMs = 30_000) {
  const deadline = Date.now() + limitMs;
  while (!(await ready())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${ready}`);
    await sleep(20);
  }
}

/** A `fetch` that counts the requests an SDK makes. */
export function countingFetch() {
  const counted = async (...args) => {
    counted.calls += 1;
    return fetch(...args);
  };
  counted.calls = 0;
  return counted;
}

/** All items of a stream. */
export async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}
