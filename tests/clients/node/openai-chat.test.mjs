// OpenAI Chat Completions with the Node SDK.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeParseableResponseFormat } from 'openai/lib/parser';
import { all, gpt, lanesOf, user } from './support.mjs';

const model = 'gpt-5.5';
const TEXT = 'One, two, three, four: the stream is whole.';
const TOKENS = Math.ceil(TEXT.length / 4);
const ask = (directives = '') => ({ model, messages: user(`[[sandbox text="${TEXT}" ${directives}]]`) });
const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

for (const lane of lanesOf('chat')) {
  test(`${lane}: plain`, async () => {
    const completion = await gpt(lane.sharedKey).chat.completions.create(ask());
    assert.equal(completion.choices[0].message.content, TEXT);
    assert.equal(completion.model, model);
    assert.equal(completion.usage.completion_tokens, TOKENS);
    assert.ok(completion._request_id);
  });

  test(`${lane}: one usage chunk when asked`, async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = await all(await gpt(lane.sharedKey).chat.completions.create({ ...ask(), ...options }));
    assert.equal(textOf(chunks), TEXT);
    assert.deepEqual(chunks.slice(-2).map((chunk) => chunk.choices.length), [1, 0]);
    assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.usage));
    assert.equal(chunks.at(-1).usage.completion_tokens, TOKENS);
  });

  test(`${lane}: stream helper`, async () => {
    const stream = gpt(lane.sharedKey).chat.completions.stream(ask());
    const pieces = [];
    stream.on('content', (piece) => pieces.push(piece));
    assert.equal(await stream.finalContent(), TEXT);
    assert.equal(pieces.join(''), TEXT);
  });

  test(`${lane}: the SDK's own parser`, async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } };
    const completion = await gpt(lane.sharedKey).chat.completions.parse({
      model,
      messages: user('A city, please.'),
      response_format: makeParseableResponseFormat(format, JSON.parse),
    });
    assert.equal(typeof completion.choices[0].message.parsed.name, 'string');
  });
}

for (const name of ['ZHIPU/GLM-4.6', 'xiaomi/mimo-v2', 'deepseek-chat']) {
  test(`model ${name}`, async () => {
    assert.equal((await gpt().chat.completions.create({ ...ask(), model: name })).model, name);
  });
}

for (const options of [{}, { stream_options: { include_usage: false } }]) {
  test(`no usage chunk unless asked: ${JSON.stringify(options)}`, async () => {
    const chunks = await all(await gpt().chat.completions.create({ ...ask(), ...options, stream: true }));
    assert.equal(textOf(chunks), TEXT);
    assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
  });
}

for (const shape of ['crlf', 'cr', 'no_space', 'split=1', 'comments', 'chunks=1', 'chunks=2']) {
  test(`an odd but legal stream: ${shape}`, async () => {
    assert.equal(await gpt().chat.completions.stream(ask(shape)).finalContent(), TEXT);
  });
}

test('system reaches the provider', async () => {
  const messages = [{ role: 'system', content: 'Be brief.' }, ...user('[[sandbox echo_body]]')];
  const completion = await gpt().chat.completions.create({ model, messages });
  assert.deepEqual(JSON.parse(completion.choices[0].message.content).messages, messages);
});

test('raw headers', async () => {
  const { response } = await gpt().chat.completions.create(ask()).withResponse();
  assert.ok(response.headers.get('x-request-id'));
  assert.deepEqual([...response.headers.keys()].filter((name) => /^(x-ratelimit-|openai-organization)/.test(name)), []);
});

test('models: list and retrieve', async () => {
  const found = await all(gpt().models.list());
  assert.ok(found.every((card) => card.object === 'model' && card.created > 0 && card.owned_by));
  for (const { id } of found) assert.equal((await gpt().models.retrieve(id)).id, id);
  assert.ok(found.some((card) => card.id === 'ZHIPU/GLM-4.6'));
});
