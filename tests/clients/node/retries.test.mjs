// What the SDKs do by themselves after an error, with their default number of retries.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { claude, countingFetch, gpt, ownKey, stack, user } from './support.mjs';

/** A rate limit for the first request, and a good answer after it. */
const limitedOnce = () => `[[sandbox status=429 retry_after=1 times=1 id=${randomUUID()} text="pong"]]`;

async function timed(call) {
  const started = performance.now();
  return [await call(), performance.now() - started];
}

test('anthropic waits for retry-after', async () => {
  const fetch = countingFetch();
  const client = claude(await ownKey('messages'), { maxRetries: 2, fetch });
  const body = { model: 'claude-sonnet-5-5', max_tokens: 64, messages: user(limitedOnce()) };
  const [message, ms] = await timed(() => client.messages.create(body));
  assert.equal(message.content[0].text, 'pong');
  assert.equal(fetch.calls, 2);
  assert.ok(ms >= 1000 && ms < 5000, `${ms} ms`);
});

test('openai waits for retry-after', async () => {
  const fetch = countingFetch();
  const client = gpt(await ownKey('responses'), { maxRetries: 2, fetch });
  const [response, ms] = await timed(() => client.responses.create({ model: 'gpt-5.5', input: limitedOnce() }));
  assert.equal(response.output_text, 'pong');
  assert.equal(fetch.calls, 2);
  assert.ok(ms >= 1000 && ms < 5000, `${ms} ms`);
});

test('what will not heal is asked once', async () => {
  for (const kind of ['revoked', 'broke']) {
    const fetch = countingFetch();
    const options = { maxRetries: 2, fetch };
    const body = { model: 'claude-sonnet-5-5', max_tokens: 64, messages: user('hello') };
    await assert.rejects(claude(stack.keys[`${kind}-anthropic`], options).messages.create(body), Anthropic.APIError);
    assert.equal(fetch.calls, 1);
    const call = gpt(stack.keys[`${kind}-openai`], options).responses.create({ model: 'gpt-5.5', input: 'hello' });
    await assert.rejects(call, OpenAI.APIError);
    assert.equal(fetch.calls, 2);
  }
});
