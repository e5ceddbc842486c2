// A caller in any of the three protocols: it puts a question, and reads the answer, in the protocol's own words.

import { randomUUID } from 'node:crypto';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { claude, gpt, lanesOf, user } from './support.mjs';

const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const functions = ['weather', 'air'].map((name) => ({ name, parameters: schema, strict: true }));

/** An SDK, and what it says and is told in one form for all protocols. */
export const CALLERS = {
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
    tools: functions.map((tool) => ({ type: 'function', function: tool })),
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
    tools: functions.map((tool) => ({ type: 'function', ...tool })),
    format: { text: { format: { type: 'json_schema', name: 'place', schema, strict: true } } },
    calls: (answer) =>
      answer.output
        .filter((item) => item.type === 'function_call')
        .map((call) => ({ id: call.call_id, name: call.name, city: JSON.parse(call.arguments).city })),
    thought: (answer) => answer.output[0].type === 'reasoning' && answer.output[0].summary[0].text,
    next: (body, answer, results) => {
      const echoed = answer.output.map(({ parsed_arguments, ...item }) => item);
      const outputs = results.map(({ id, content: output }) => ({ type: 'function_call_output', call_id: id, output }));
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

/** Every lane with its caller: `open` makes a client with a key of its own, and tells the key's name. */
export const EVERY = Object.keys(CALLERS)
  .flatMap(lanesOf)
  .map((lane) => ({ lane, caller: CALLERS[lane.caller], open: () => open(lane) }));

async function open(lane) {
  const name = `${lane.caller}-on-${lane.spoken}-${randomUUID()}`;
  return { sdk: CALLERS[lane.caller].sdk(await lane.ownKey(name)), name };
}
