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

/** What accounts can speak for callers of each protocol; `undefined` is all of the platform, the caller's own too. */
export const LANES = {
  messages: [undefined, 'chat', 'responses'],
  chat: [undefined, 'responses', 'messages'],
  responses: [undefined, 'chat', 'messages'],
};

/** A key of a group whose accounts speak all of its platform, or only what is `spoken`. */
export const keyFor = (platform, spoken) => stack.keys[spoken ? `${platform}-on-${spoken}` : `ok-${platform}`];

const platformOf = (protocol) => (protocol === 'messages' ? 'anthropic' : 'openai');

/** A key with a group and an account of its own: what happens to the account disturbs no one else. */
export async function lane(platform, spoken) {
  const name = `lane-${randomUUID()}`;
  const served = stack.served.flatMap((model) => ['--model', model]);
  const home = spoken ? platformOf(spoken) : platform;
  const maps = home === platform ? [] : stack.mapping[platform].flatMap((pair) => ['--map', pair]);
  cli(['group', 'create', name, '--platform', platform, ...maps]);
  const account = ['account', 'create', name, '--platform', home, '--group', name];
  const address = spoken ? `--base-url-${spoken}` : '--base-url';
  cli([...account, address, stack.sandbox_url, ...served, '--credential-stdin'], name);
  const { key } = JSON.parse(cli(['key', 'create', name, '--user', 'ada', '--group', name, '--json']));
  await until(async () => (await fetch(`${stack.base_url}/v1/models`, { headers: { 'x-api-key': key } })).ok);
  return key;
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
