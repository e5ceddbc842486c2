// OpenAI Responses with the Node SDK.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { all, gpt, lanesOf, user } from './support.mjs';

const model = 'gpt-5.5';
const TEXT = 'One, two, three, four: the stream is whole.';
const ask = (directives = '') => ({ model, input: `[[sandbox text="${TEXT}" ${directives}]]` });

for (const lane of lanesOf('responses')) {
  test(`${lane}: plain`, async () => {
    const response = await gpt(lane.sharedKey).responses.create(ask());
    assert.equal(response.output_text, TEXT);
    assert.equal(response.status, 'completed');
    assert.equal(response.usage.output_tokens, Math.ceil(TEXT.length / 4));
    assert.ok(response._request_id);
  });

  test(`${lane}: stream helper`, async () => {
    const pieces = [];
    const stream = gpt(lane.sharedKey).responses.stream(ask());
    stream.on('response.output_text.delta', (event) => pieces.push(event.delta));
    const final = await stream.finalResponse();
    assert.equal(pieces.join(''), TEXT);
    assert.equal(final.output_text, TEXT);
  });

  test(`${lane}: raw events`, async () => {
    const events = await all(await gpt(lane.sharedKey).responses.create({ ...ask(), stream: true }));
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
    assert.equal(events.at(-1).type, 'response.completed');
  });

  test(`${lane}: a stored response`, async () => {
    const made = await gpt(lane.sharedKey).responses.create({ ...ask(), store: true });
    assert.equal((await gpt(lane.sharedKey).responses.retrieve(made.id)).output_text, TEXT);
    const items = await all(gpt(lane.sharedKey).responses.inputItems.list(made.id));
    assert.deepEqual(items.map((item) => item.role), ['user']);
    await gpt(lane.sharedKey).responses.delete(made.id);
    await assert.rejects(gpt(lane.sharedKey).responses.retrieve(made.id), OpenAI.NotFoundError);
  });
}

for (const shape of ['crlf', 'no_space', 'split=1', 'comments', 'chunks=1', 'chunks=2']) {
  test(`an odd but legal stream: ${shape}`, async () => {
    assert.equal((await gpt().responses.stream(ask(shape)).finalResponse()).output_text, TEXT);
  });
}

test('input tokens are counted', async () => {
  const body = { model, input: 'How long is this?' };
  const counted = await gpt().responses.inputTokens.count(body);
  assert.equal(counted.input_tokens, (await gpt().responses.create(body)).usage.input_tokens);
});

test('a background response is cancelled', async () => {
  const made = await gpt().responses.create({ ...ask(), background: true, store: true });
  assert.equal((await gpt().responses.cancel(made.id)).status, 'cancelled');
});
