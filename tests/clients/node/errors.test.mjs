// What the gate itself refuses raises the SDKs' own typed error.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { claude, gpt, stack, user } from './support.mjs';

const messages = (client, content = 'hello', more = {}) =>
  client.messages.create({ model: 'claude-sonnet-5-5', max_tokens: 64, messages: user(content), ...more });
const chat = (client, content = 'hello', more = {}) =>
  client.chat.completions.create({ model: 'gpt-5.5', messages: user(content), ...more });
const responses = (client, input = 'hello', more = {}) => client.responses.create({ model: 'gpt-5.5', input, ...more });

/** The error that `call` raises, exactly of class `kind`. */
async function raised(call, kind) {
  const error = await call.then(() => assert.fail('no error'), (error) => error);
  assert.equal(error.constructor, kind, `${error}`);
  if (error.status) assert.ok(error.requestID, 'an error carries its request id');
  return error;
}

for (const kind of ['revoked', 'disabled', 'expired']) {
  test(`401: ${kind} key`, async () => {
    const error = await raised(messages(claude(stack.keys[`${kind}-anthropic`])), Anthropic.AuthenticationError);
    assert.equal(error.error.error.type, 'authentication_error');
    for (const call of [chat, responses]) {
      const error = await raised(call(gpt(stack.keys[`${kind}-openai`])), OpenAI.AuthenticationError);
      assert.equal(error.code, 'invalid_api_key');
    }
  });
}

for (const kind of ['elsewhere', 'one-model', 'banned', 'closed']) {
  test(`403: ${kind} key`, async () => {
    await raised(messages(claude(stack.keys[`${kind}-anthropic`])), Anthropic.PermissionDeniedError);
    for (const call of [chat, responses]) {
      await raised(call(gpt(stack.keys[`${kind}-openai`])), OpenAI.PermissionDeniedError);
    }
  });
}

test('404: a model that does not exist', async () => {
  const more = { model: 'nobody/has-this' };
  const error = await raised(messages(claude(), 'hello', more), Anthropic.NotFoundError);
  assert.match(error.message, /nobody\/has-this/);
  for (const call of [chat, responses]) {
    assert.equal((await raised(call(gpt(), 'hello', more), OpenAI.NotFoundError)).code, 'model_not_found');
  }
});

test('400: the field is named', async () => {
  const error = await raised(messages(claude(), 'hello', { max_tokens: 'many' }), Anthropic.BadRequestError);
  assert.match(error.message, /max_tokens/);
  assert.equal((await raised(chat(gpt(), 'hello', { stream: 'yes' }), OpenAI.BadRequestError)).param, 'stream');
  const refused = await raised(responses(gpt(), '[[sandbox status=400 code=odd]]'), OpenAI.BadRequestError);
  assert.equal(refused.code, 'odd', 'a provider may refuse in its own words');
});

test('413', async () => {
  const long = 'x'.repeat(stack.max_body_bytes);
  await raised(messages(claude(), long), Anthropic.ContentTooLargeError);
  for (const call of [chat, responses]) {
    assert.equal((await raised(call(gpt(), long), OpenAI.APIError)).status, 413);
  }
});

test('a used-up balance: 402, and 429 insufficient_quota', async () => {
  const error = await raised(messages(claude(stack.keys['broke-anthropic'])), Anthropic.PaymentRequiredError);
  assert.equal(error.error.error.type, 'billing_error');
  for (const call of [chat, responses]) {
    const error = await raised(call(gpt(stack.keys['broke-openai'])), OpenAI.RateLimitError);
    assert.equal(error.code, 'insufficient_quota');
  }
});
