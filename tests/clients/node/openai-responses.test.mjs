// OpenAI Responses with the Node SDK.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { all, gpt, keyFor, LANES, user } from './support.mjs';

const model = 'gpt-5.5';
const TEXT = 'One, two, three, four: the stream is whole.';
const ask = (directives = '') => ({ model, input: `[[sandbox text="${TEXT}" ${directives}]]` });

for (const spoken of LANES.responses) {
  test(`plain on ${spoken ?? 'its own'}`, async () => {
    const response = await gpt(keyFor('openai', spoken)).responses.create(ask());
    assert.equal(response.output_text, TEXT);
    assert.equal(response.status, 'completed');
    assert.equal(response.usage.output_tokens, Math.ceil(TEXT.length / 4));
    assert.ok(response._request_id);
  });
}

for (const spoken of LANES.responses) {
  test(`stream helper on ${spoken ?? 'its own'}`, async () => {
    const pieces = [];
    const stream = gpt(keyFor('openai', spoken)).responses.stream(ask());
    stream.on('response.output_text.delta', (event) => pieces.push(event.delta));
    const final = await stream.finalResponse();
    assert.equal(pieces.join(''), TEXT);
    assert.equal(final.output_text, TEXT);
  });
}

for (const spoken of LANES.responses) {
  test(`raw events on ${spoken ?? 'its own'}`, async () => {
    const events = await all(await gpt(keyFor('openai', spoken)).responses.create({ ...ask(), stream: true }));
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
    assert.equal(events.at(-1).type, 'response.completed');
  });
}

for (const shape of ['crlf', 'no_space', 'split=1', 'comments', 'chunks=1', 'chunks=2']) {
  test(`an odd but legal stream: ${shape}`, async () => {
    assert.equal((await gpt().responses.stream(ask(shape)).finalResponse()).output_text, TEXT);
  });
}

for (const spoken of LANES.responses) {
  test(`vision on ${spoken ?? 'its own'}`, async () => {
    const content = [
      { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
      { type: 'input_text', text: '[[sandbox image]]' },
    ];
    const response = await gpt(keyFor('openai', spoken)).responses.create({ model, input: user(content) });
    assert.equal(response.output_text, 'The sandbox saw 1 image.');
  });
}

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

for (const spoken of LANES.responses) {
  test(`a tool round with two calls at a time, and reasoning sent back on ${spoken ?? 'its own'}`, async () => {
    const tools = ['weather', 'air'].map((name) => ({ type: 'function', name, parameters, strict: true }));
    const input = user('Is it warm in Oslo? [[sandbox tools=2 thinking=5]]');
    const options = { model, tools, store: false, include: ['reasoning.encrypted_content'] };
    const first = await gpt(keyFor('openai', spoken)).responses.stream({ ...options, input }).finalResponse();
    const calls = first.output.filter((item) => item.type === 'function_call');
    assert.deepEqual(calls.map((call) => call.name), ['weather', 'air']);
    assert.ok(first.output[0].encrypted_content);
    const echoed = first.output.map(({ parsed_arguments, ...item }) => item);
    const results = calls.map((call) => ({
      type: 'function_call_output',
      call_id: call.call_id,
      output: `${call.name} is fine`,
    }));
    const last = await gpt(keyFor('openai', spoken)).responses.create({ ...options, input: [...input, ...echoed, ...results] });
    assert.match(last.output_text, /weather is fine air is fine/);
  });
}

test('input tokens are counted', async () => {
  const body = { model, input: 'How long is this?' };
  const counted = await gpt().responses.inputTokens.count(body);
  assert.equal(counted.input_tokens, (await gpt().responses.create(body)).usage.input_tokens);
});

for (const spoken of LANES.responses) {
  test(`a stored response on ${spoken ?? 'its own'}`, async () => {
    const made = await gpt(keyFor('openai', spoken)).responses.create({ ...ask(), store: true });
    assert.equal((await gpt(keyFor('openai', spoken)).responses.retrieve(made.id)).output_text, TEXT);
    const items = await all(gpt(keyFor('openai', spoken)).responses.inputItems.list(made.id));
    assert.deepEqual(items.map((item) => item.role), ['user']);
    await gpt(keyFor('openai', spoken)).responses.delete(made.id);
    await assert.rejects(gpt(keyFor('openai', spoken)).responses.retrieve(made.id), OpenAI.NotFoundError);
  });
}

test('a background response is cancelled', async () => {
  const made = await gpt().responses.create({ ...ask(), background: true, store: true });
  assert.equal((await gpt().responses.cancel(made.id)).status, 'cancelled');
});
