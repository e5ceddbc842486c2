// What a caller may ask of any model, on an account of its own protocol and on those of the other platform.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { all, claude, gpt, user } from './support.mjs';
import { keyOn, recordOf, upstreams } from './upstreams.mjs';

const TEXT = 'One, two, three: the whole of it. Ünïcödé too.';
const PNG = 'iVBORw0KGgo=';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
const LINK = 'https://example.com/pixel.png';
const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

/** An SDK, and what it says and is told in one form for all protocols. */
const CALLERS = {
  messages: {
    sdk: claude,
    Errors: Anthropic,
    body: (content, more) => ({ model: 'claude-sonnet-5-5', max_tokens: 2048, messages: user(content), ...more }),
    create: (sdk, body) => sdk.messages.create(body),
    stream: (sdk, body) => sdk.messages.stream(body).finalMessage(),
    text: (answer) => answer.content.filter((block) => block.type === 'text').map((block) => block.text).join(''),
    said: (text) => ({ type: 'text', text }),
    image: (source) => ({ type: 'image', source: place(source, 'image/png') }),
    document: (source) => ({ type: 'document', source: place(source, 'application/pdf') }),
    tools: ['weather', 'air'].map((name) => ({ name, input_schema: schema })),
    format: { output_config: { format: { type: 'json_schema', schema } } },
    calls: (answer) =>
      answer.content
        .filter((block) => block.type === 'tool_use')
        .map(({ id, name, input }) => ({ id, name, city: input.city })),
    thought: (answer) => answer.content[0].type === 'thinking' && answer.content[0].thinking,
    next: (body, answer, results) => ({
      ...body,
      messages: [
        ...body.messages,
        { role: 'assistant', content: answer.content },
        ...user(results.map(({ id, content }) => ({ type: 'tool_result', tool_use_id: id, content }))),
      ],
    }),
  },
  chat: {
    sdk: gpt,
    Errors: OpenAI,
    body: (content, more) => ({ model: 'gpt-5.5', messages: user(content), ...more }),
    create: (sdk, body) => sdk.chat.completions.create(body),
    stream: (sdk, body) =>
      sdk.chat.completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion(),
    text: (answer) => answer.choices[0].message.content,
    said: (text) => ({ type: 'text', text }),
    image: (source) => ({ type: 'image_url', image_url: { url: link(source, 'image/png') } }),
    document: (source) => ({ type: 'file', file: { filename: 'a.pdf', file_data: link(source, 'application/pdf') } }),
    tools: ['weather', 'air'].map((name) => ({ type: 'function', function: { name, parameters: schema, strict: true } })),
    format: { response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } } },
    calls: (answer) =>
      (answer.choices[0].message.tool_calls ?? []).map((call) => ({
        id: call.id,
        name: call.function.name,
        city: JSON.parse(call.function.arguments).city,
      })),
    // A chat client has no place for it; whether it comes is the upstream's business.
    thought: () => true,
    next: (body, answer, results) => {
      const { content, tool_calls } = answer.choices[0].message;
      const calls = tool_calls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.function.name, arguments: call.function.arguments },
      }));
      const tools = results.map(({ id, content }) => ({ role: 'tool', tool_call_id: id, content }));
      return { ...body, messages: [...body.messages, { role: 'assistant', content, tool_calls: calls }, ...tools] };
    },
  },
  responses: {
    sdk: gpt,
    Errors: OpenAI,
    body: (content, more) => ({
      model: 'gpt-5.5',
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { summary: 'auto' },
      input: user(content),
      ...more,
    }),
    create: (sdk, body) => sdk.responses.create(body),
    stream: (sdk, body) => sdk.responses.stream(body).finalResponse(),
    text: (answer) => answer.output_text,
    said: (text) => ({ type: 'input_text', text }),
    image: (source) => ({ type: 'input_image', image_url: link(source, 'image/png'), detail: 'auto' }),
    document: (source) => ({ type: 'input_file', filename: 'a.pdf', file_data: link(source, 'application/pdf') }),
    tools: ['weather', 'air'].map((name) => ({ type: 'function', name, parameters: schema, strict: true })),
    format: { text: { format: { type: 'json_schema', name: 'place', schema, strict: true } } },
    calls: (answer) =>
      answer.output
        .filter((item) => item.type === 'function_call')
        .map((call) => ({ id: call.call_id, name: call.name, city: JSON.parse(call.arguments).city })),
    thought: (answer) => answer.output[0].type === 'reasoning' && answer.output[0].summary[0].text,
    next: (body, answer, results) => {
      const echoed = answer.output.map(({ parsed_arguments, ...item }) => item);
      const outputs = results.map(({ id, content }) => ({ type: 'function_call_output', call_id: id, output: content }));
      return { ...body, input: [...body.input, ...echoed, ...outputs] };
    },
  },
};

function place(source, media_type) {
  return source.startsWith('http') ? { type: 'url', url: source } : { type: 'base64', media_type, data: source };
}

function link(source, media_type) {
  return source.startsWith('http') ? source : `data:${media_type};base64,${source}`;
}

// What is made anew for every answer, and what only one of an SDK's two ways adds. Of `reasoning_content`, which its types do
// not know, the OpenAI SDK keeps the last delta only.
const MADE = /^(_request_id|id|call_id|signature|encrypted_content|created|created_at|completed_at)$/;
const ADDED = /^(parsed|parsed_output|parsed_arguments|output_parsed|output_text|index|reasoning_content)$/;

/** An answer without what differs from one to the next, and without members that say nothing. */
const bare = (answer) => strip(JSON.parse(JSON.stringify(answer)));

function strip(value) {
  if (Array.isArray(value)) return value.map(strip);
  if (value === null || typeof value !== 'object') return value;
  const says = ([name, inner]) =>
    !MADE.test(name) && !ADDED.test(name) && inner != null && (typeof inner !== 'object' || Object.keys(inner).length > 0);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, strip(inner)]).filter(says));
}

const LOOP = [
  [['weather', 'Oslo'], ['air', 'Oslo']],
  [['air', 'Bergen']],
  [['weather', 'Rome'], ['air', 'Rome']],
];
const STEPS = [
  ...LOOP.map((calls, round) => ({
    thinking: 5 - round,
    text: `Round ${round}.`,
    calls: calls.map(([tool, city]) => ({ tool, args: { city } })),
  })),
  { text: 'All is fine.' },
];

for (const own of ['messages', 'chat', 'responses']) {
  for (const upstream of upstreams(own)) {
    const caller = CALLERS[own];
    const title = (what) => `${own} on ${upstream}: ${what}`;
    const connect = async () => {
      const { key, name } = await keyOn(own, upstream);
      return { sdk: caller.sdk(key), name };
    };

    for (const directives of ['', 'thinking=7', 'thinking=3 tool=weather tools=2', 'cache_read=9']) {
      test(title(`the accumulated stream is the plain answer: ${directives || 'text'}`), async () => {
        const { sdk } = await connect();
        const body = caller.body(`[[sandbox text="${TEXT}" ${directives}]]`, { tools: caller.tools });
        const plain = await caller.create(sdk, body);
        assert.equal(caller.text(plain), TEXT);
        assert.deepEqual(bare(await caller.stream(sdk, body)), bare(plain));
      });
    }

    for (const how of ['create', 'stream']) {
      test(title(`a loop of three rounds with thinking and calls at a time: ${how}`), async () => {
        const { sdk } = await connect();
        let body = caller.body(`Look around. [[sandbox steps='${JSON.stringify(STEPS)}']]`, { tools: caller.tools });
        for (const round of LOOP) {
          const answer = await caller[how](sdk, body);
          assert.ok(caller.thought(answer));
          const calls = caller.calls(answer);
          assert.deepEqual(calls.map(({ name, city }) => [name, city]), round);
          body = caller.next(body, answer, calls.map(({ id, name }) => ({ id, content: `${name} is fine` })));
        }
        assert.equal(caller.text(await caller[how](sdk, body)), 'All is fine.');
      });
    }

    test(title('structured output'), async () => {
      const { sdk } = await connect();
      const body = caller.body('A place, please.', caller.format);
      for (const how of ['create', 'stream']) {
        assert.equal(typeof JSON.parse(caller.text(await caller[how](sdk, body))).city, 'string');
      }
    });

    test(title('pictures and documents'), async () => {
      const { sdk } = await connect();
      const content = [caller.image(PNG), caller.image(LINK), caller.said('[[sandbox image]]')];
      assert.equal(caller.text(await caller.create(sdk, caller.body(content))), 'The sandbox saw 2 images.');
      const read = [caller.document(PDF), caller.said('[[sandbox echo_body]]')];
      assert.ok(caller.text(await caller.create(sdk, caller.body(read))).includes(PDF));
    });

    if (own !== 'responses') {
      test(title('stop sequences'), async () => {
        const { sdk } = await connect();
        const stops = own === 'messages' ? { stop_sequences: ['three'] } : { stop: ['three'], model: 'gpt-4o' };
        for (const how of ['create', 'stream']) {
          const answer = await caller[how](sdk, caller.body(`[[sandbox text="${TEXT}"]]`, stops));
          assert.equal(caller.text(answer), 'One, two, ');
          if (own === 'messages') assert.equal(answer.stop_sequence, 'three');
        }
      });
    }

    test(title('a caller that leaves is settled'), async () => {
      const { sdk, name } = await connect();
      const body = caller.body('[[sandbox words=30 slow_event_ms=20]]', { stream: true });
      let seen = 0;
      for await (const _ of await caller.create(sdk, body)) if (++seen === 5) break;
      const record = await recordOf(name);
      assert.deepEqual([record.status, record.stream_end, record.estimated], [200, 'client_gone', false]);
      assert.ok(record.usage.output_tokens > 5 && Number(record.cost) > 0);
    });

    for (const [fault, [theirs, status]] of Object.entries({
      'status=429 retry_after=1': ['RateLimitError', 429],
      'status=500': ['InternalServerError', 500],
      'status=529': [own === 'messages' ? 'OverloadedError' : 'InternalServerError', own === 'messages' ? 529 : 503],
      'status=400': ['BadRequestError', 400],
      html: ['InternalServerError', 502],
    })) {
      test(title(`the vendor's own error: ${fault}`), async () => {
        const { sdk } = await connect();
        const call = caller.create(sdk, caller.body(`[[sandbox ${fault}]]`));
        const error = await call.then(() => assert.fail('no error'), (error) => error);
        assert.equal(error.constructor, caller.Errors[theirs], `${error}`);
        assert.equal(error.status, status);
        assert.ok(error.requestID);
      });
    }

    for (const fault of ['cut_after=9', 'eof_after=9', 'error_after=9']) {
      test(title(`a broken stream is no answer: ${fault}`), async () => {
        const { sdk } = await connect();
        const body = caller.body(`[[sandbox words=40 ${fault}]]`);
        if (own === 'responses') {
          // This helper raises for an `error` event only, which Codex ignores.
          assert.equal((await caller.stream(sdk, body)).status, 'failed');
          const events = await all(await caller.create(sdk, { ...body, stream: true }));
          assert.equal(events.at(-1).type, 'response.failed');
          return;
        }
        await assert.rejects(caller.stream(sdk, body), caller.Errors.APIError);
        await assert.rejects(all(await caller.create(sdk, { ...body, stream: true })), caller.Errors.APIError);
      });
    }
  }
}
