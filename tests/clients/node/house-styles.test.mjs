// `style` on Chat Completions with the Node SDK, and the envelope under `/api/v1` with `fetch`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { gpt, stack, user } from './support.mjs';

const messages = user('[[sandbox text="pong"]]');

test('style: claude is a Messages answer', async () => {
  const message = await gpt().chat.completions.create({ model: 'gpt-5.5', messages, style: 'claude' });
  assert.equal(message.type, 'message');
  assert.deepEqual(message.content.map((block) => [block.type, block.text]), [['text', 'pong']]);
  assert.equal(message.stop_reason, 'end_turn');
});

test('any other style is refused with the list', async () => {
  const call = gpt().chat.completions.create({ model: 'gpt-5.5', messages, style: 'gemini' });
  const error = await call.then(() => assert.fail('no error'), (error) => error);
  assert.equal(error.constructor, OpenAI.BadRequestError);
  assert.match(error.message, /openai.*claude/);
});

async function post(path, key, body) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${stack.base_url}/api/v1${path}`, request);
  return [answer.status, await answer.json()];
}

test('the envelope of a message', async () => {
  const body = { model: 'claude-sonnet-5-5', max_tokens: 64, messages };
  const [status, answer] = await post('/messages', stack.keys['ok-anthropic'], body);
  assert.equal(status, 200);
  assert.deepEqual([answer.success, answer.code, answer.message], [true, '200', 'successful']);
  assert.deepEqual(answer.data.choices[0].message, { role: 'assistant', content: 'pong' });
});

test('the envelope of a failure', async () => {
  const [status, answer] = await post('/chat/completions', 'tg-wrong', { model: 'gpt-5.5', messages });
  assert.equal(status, 401);
  assert.deepEqual([answer.success, answer.code, answer.data], [false, '401', null]);
});
