// Anthropic Messages with the Node SDK.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema';
import { all, claude, lanesOf, stack, user } from './support.mjs';

const model = 'claude-sonnet-5-5';
const TEXT = 'One, two, three, four: the stream is whole. Ünïcödé too.';
const ask = (directives = '') => ({
  model,
  max_tokens: 512,
  messages: user(`[[sandbox text="${TEXT}" ${directives}]]`),
});
const TOKENS = Math.ceil(Buffer.byteLength(TEXT) / 4);

for (const lane of lanesOf('messages')) {
  test(`${lane}: plain`, async () => {
    const message = await claude(lane.sharedKey).messages.create(ask());
    assert.equal(message.content[0].text, TEXT);
    assert.equal(message.model, model);
    assert.equal(message.stop_reason, 'end_turn');
    assert.equal(message.usage.output_tokens, TOKENS);
    assert.ok(message._request_id);
  });

  test(`${lane}: stream helper, text events and the final message`, async () => {
    const pieces = [];
    const stream = claude(lane.sharedKey).messages.stream(ask()).on('text', (piece) => pieces.push(piece));
    const final = await stream.finalMessage();
    assert.ok(pieces.length > 1);
    assert.equal(pieces.join(''), TEXT);
    assert.equal(final.content[0].text, TEXT);
    assert.equal(final.usage.output_tokens, TOKENS);
  });

  test(`${lane}: raw events`, async () => {
    const events = await all(await claude(lane.sharedKey).messages.create({ ...ask('thinking=3'), stream: true }));
    const types = events.map((event) => event.type);
    assert.equal(types[0], 'message_start');
    assert.deepEqual(types.slice(-2), ['message_delta', 'message_stop']);
    const blocks = events.filter((event) => event.type === 'content_block_start');
    assert.deepEqual(blocks.map((event) => event.content_block.type), ['thinking', 'text']);
  });

  test(`${lane}: the SDK's own parser`, async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, people: { type: 'integer' } },
      required: ['name', 'people'],
      additionalProperties: false,
    };
    const message = await claude(lane.sharedKey).messages.parse({
      model,
      max_tokens: 256,
      messages: user('A city, please.'),
      output_config: { format: jsonSchemaOutputFormat(schema) },
    });
    assert.equal(typeof message.parsed_output.name, 'string');
    assert.ok(Number.isInteger(message.parsed_output.people));
  });
}

const SHAPES = ['crlf', 'cr', 'no_space', 'split=1', 'comments', 'ping=1', 'chunks=1', 'chunks=2', 'extra_event'];
for (const shape of SHAPES) {
  test(`an odd but legal stream: ${shape}`, async () => {
    assert.equal(await claude().messages.stream(ask(shape)).finalText(), TEXT);
  });
}

for (const system of ['Be brief.', [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }]]) {
  test(`system as ${typeof system}`, async () => {
    const message = await claude().messages.create({
      model,
      max_tokens: 4096,
      system,
      messages: user('[[sandbox echo_body]]'),
    });
    assert.deepEqual(JSON.parse(message.content[0].text).system, system);
  });
}

test('thinking, and back again', async () => {
  const thinking = { type: 'adaptive' };
  const asked = user('[[sandbox thinking=12 text="42"]]');
  const first = await claude().messages.stream({ model, max_tokens: 4096, thinking, messages: asked }).finalMessage();
  assert.equal(first.content[0].type, 'thinking');
  assert.ok(first.content[0].signature);
  const turns = [...asked, { role: 'assistant', content: first.content }, ...user('[[sandbox echo_body]]')];
  const second = await claude().messages.create({ model, max_tokens: 4096, thinking, messages: turns });
  const received = JSON.parse(second.content[0].text).messages[1].content[0];
  assert.equal(received.signature, first.content[0].signature);
});

test('count_tokens agrees with what is then used', async () => {
  const body = { model, system: 'Be brief.', messages: user('How long is this?') };
  const counted = await claude().messages.countTokens(body);
  const message = await claude().messages.create({ ...body, max_tokens: 64 });
  assert.equal(counted.input_tokens, message.usage.input_tokens);
});

test('models: list, pages, retrieve', async () => {
  const names = ['ZHIPU/GLM-4.6', 'claude-haiku-4-5', 'claude-sonnet-5-5', 'gpt-4o', 'gpt-5.5', 'xiaomi/mimo-v2'];
  const found = await all(claude().models.list({ limit: 2 }));
  assert.deepEqual(found.map((card) => card.id).sort(), names);
  assert.ok(found.every((card) => card.type === 'model' && card.display_name && card.created_at));
  for (const name of names) assert.equal((await claude().models.retrieve(name)).id, name);
});

test('raw headers', async () => {
  const { data, response } = await claude().messages.create(ask()).withResponse();
  assert.equal(data.content[0].text, TEXT);
  assert.equal(response.headers.get('request-id'), response.headers.get('x-request-id'));
  const names = [...response.headers.keys()];
  assert.deepEqual(names.filter((name) => /^(anthropic-(ratelimit|organization)-|x-ratelimit-)/.test(name)), []);
});

test('auth token and API key are both accepted', async () => {
  const key = stack.keys['ok-anthropic'];
  for (const options of [{ authToken: key }, { defaultHeaders: { 'x-api-key': key } }]) {
    const message = await claude(null, options).messages.create(ask());
    assert.equal(message.content[0].text, TEXT);
  }
});
