// A stream that breaks off raises in every helper and iterator: no truncated text passes for an answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { all, claude, gpt, lanesOf, user } from './support.mjs';

const prompt = (fault) => `[[sandbox words=40 ${fault}]]`;

for (const fault of ['cut_after', 'eof_after', 'error_after']) {
  for (const lane of lanesOf('messages')) {
    test(`${lane}: ${fault}`, async () => {
      const client = claude(await lane.ownKey());
      const body = { model: 'claude-sonnet-5-5', max_tokens: 512, messages: user(prompt(`${fault}=5`)) };
      await assert.rejects(client.messages.stream(body).finalMessage(), Anthropic.APIError);
      await assert.rejects(all(await client.messages.create({ ...body, stream: true })), Anthropic.APIError);
    });
  }

  for (const lane of lanesOf('chat')) {
    test(`${lane}: ${fault}`, async () => {
      const client = gpt(await lane.ownKey());
      const body = { model: 'gpt-5.5', messages: user(prompt(`${fault}=5`)) };
      await assert.rejects(client.chat.completions.stream(body).finalContent(), OpenAI.APIError);
      await assert.rejects(all(await client.chat.completions.create({ ...body, stream: true })), OpenAI.APIError);
    });
  }

  for (const lane of lanesOf('responses')) {
    test(`${lane}: ${fault}`, async () => {
      const client = gpt(await lane.ownKey());
      const body = { model: 'gpt-5.5', input: prompt(`${fault}=8`) };
      // This helper raises for an `error` event only, which Codex ignores; a failed response says so in its status.
      const final = await client.responses.stream(body).finalResponse();
      assert.equal(final.status, 'failed');
      assert.ok(final.error.code);
      const events = await all(await client.responses.create({ ...body, stream: true }));
      assert.equal(events.at(-1).type, 'response.failed');
    });
  }
}
