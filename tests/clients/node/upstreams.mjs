// What the account behind the gate speaks: the caller's own protocol, or with TOLLGATE_TEST_FOREIGN=1 one of the other
// platform, which the gate translates to. The same as `upstreams.py`.

import { randomUUID } from 'node:crypto';
import { cli, stack, until } from './support.mjs';

const OTHERS = { messages: ['chat', 'responses'], chat: ['messages'], responses: ['messages'] };
const PLATFORMS = { messages: 'anthropic', chat: 'openai', responses: 'openai' };
const MAPPED = {
  anthropic: ['gpt-5.5=claude-sonnet-5-5', 'gpt-4o=claude-haiku-4-5'],
  openai: ['claude-sonnet-5-5=gpt-5.5', 'claude-haiku-4-5=gpt-4o'],
};

/** What accounts a caller of this protocol is tested on. */
export const upstreams = (own) => ['native', ...(stack.foreign ? OTHERS[own] : [])];

/** A key of a group of its own, on one account that speaks what is said. */
export async function keyOn(own, upstream) {
  const spoken = upstream === 'native' ? own : upstream;
  const name = `${own}-on-${upstream}-${randomUUID()}`;
  const platform = PLATFORMS[spoken];
  const maps = upstream === 'native' ? [] : MAPPED[platform].flatMap((map) => ['--map', map]);
  cli(['group', 'create', name, '--platform', platform, ...maps]);
  const address = upstream === 'native' ? '--base-url' : `--base-url-${spoken}`;
  const account = ['account', 'create', name, '--platform', platform, '--group', name, address, stack.sandbox_url];
  cli([...account, '--credential-stdin'], name);
  const { key } = JSON.parse(cli(['key', 'create', name, '--user', 'ada', '--group', name, '--json']));
  await until(async () => (await fetch(`${stack.base_url}/v1/models`, { headers: { 'x-api-key': key } })).ok);
  return { key, name };
}

/** The usage record of a key's only request; it is written behind the answer. */
export async function recordOf(name) {
  let records = [];
  await until(async () => {
    records = JSON.parse(cli(['usage', '--key', name, '--limit', '10', '--json']));
    return records.length > 0;
  });
  return records[0];
}
