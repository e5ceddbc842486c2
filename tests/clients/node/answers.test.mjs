// What an answer holds, plain and streamed, on every lane.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERY } from './callers.mjs';
import { recordOf } from './support.mjs';

const TEXT = 'One, two, three: the whole of it. Ünïcödé too.';
const PNG = 'iVBORw0KGgo=';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const LINK = 'https://example.com/pixel.png';

// What is made anew for every answer, and what only one of an SDK's two ways adds. Of `reasoning_content`, which its
// types do not know, the OpenAI SDK keeps the last delta only.
const MADE = /^(_request_id|id|call_id|signature|encrypted_content|created|created_at|completed_at)$/;
const ADDED = /^(parsed|parsed_output|parsed_arguments|output_parsed|output_text|index|reasoning_content)$/;

/** An answer without what differs from one to the next, and without members that say nothing. */
const bare = (answer) => strip(JSON.parse(JSON.stringify(answer)));

function strip(value) {
  if (Array.isArray(value)) return value.map(strip);
  if (value === null || typeof value !== 'object') return value;
  const empty = (inner) => inner == null || (typeof inner === 'object' && Object.keys(inner).length === 0);
  const says = ([name, inner]) => !MADE.test(name) && !ADDED.test(name) && !empty(inner);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, strip(inner)]).filter(says));
}

for (const { lane, caller, open } of EVERY) {
  for (const directives of ['', 'thinking=7', 'thinking=3 tool=weather tools=2', 'cache_read=9']) {
    test(`${lane}: the accumulated stream is the plain answer: ${directives || 'text'}`, async () => {
      const { sdk } = await open();
      const body = caller.body(`[[sandbox text="${TEXT}" ${directives}]]`, { tools: caller.tools });
      const plain = await caller.create(sdk, body);
      assert.equal(caller.text(plain), TEXT);
      assert.deepEqual(bare(await caller.stream(sdk, body)), bare(plain));
    });
  }

  test(`${lane}: structured output`, async () => {
    const { sdk } = await open();
    const body = caller.body('A place, please.', caller.format);
    for (const how of ['create', 'stream']) {
      assert.equal(typeof JSON.parse(caller.text(await caller[how](sdk, body))).city, 'string');
    }
  });

  test(`${lane}: pictures and documents`, async () => {
    const { sdk } = await open();
    const content = [caller.image(PNG), caller.image(LINK), caller.said('[[sandbox image]]')];
    assert.equal(caller.text(await caller.create(sdk, caller.body(content))), 'The sandbox saw 2 images.');
    const read = [caller.document(PDF), caller.said('[[sandbox echo_body]]')];
    assert.ok(caller.text(await caller.create(sdk, caller.body(read))).includes(PDF));
  });

  if (lane.caller !== 'responses') {
    test(`${lane}: stop sequences`, async () => {
      const { sdk } = await open();
      const stops = lane.caller === 'messages' ? { stop_sequences: ['three'] } : { stop: ['three'], model: 'gpt-4o' };
      for (const how of ['create', 'stream']) {
        const answer = await caller[how](sdk, caller.body(`[[sandbox text="${TEXT}"]]`, stops));
        assert.equal(caller.text(answer), 'One, two, ');
        if (lane.caller === 'messages') assert.equal(answer.stop_sequence, 'three');
      }
    });
  }

  test(`${lane}: a caller that leaves is settled`, async () => {
    const { sdk, name } = await open();
    const body = caller.body('[[sandbox words=30 slow_event_ms=20]]', { stream: true });
    let seen = 0;
    for await (const _ of await caller.create(sdk, body)) if (++seen === 5) break;
    const record = await recordOf(name);
    assert.deepEqual([record.status, record.stream_end, record.estimated], [200, 'client_gone', false]);
    assert.ok(record.usage.output_tokens > 5 && Number(record.cost) > 0);
  });
}
