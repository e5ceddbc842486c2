// `tollgate demo`: the keys in demo.env work with both SDKs as they are.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { stack, until, user } from './support.mjs';

test('both SDKs', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-demo-'));
  const args = ['demo', '--listen', '127.0.0.1:0', '--data-dir', folder];
  const demo = spawn(stack.binary, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => demo.once('exit', resolve));
  context.after(async () => {
    demo.kill();
    const killer = setTimeout(() => demo.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(killer);
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'demo.env');
  await until(() => existsSync(file));
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const values = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));

  const { TOLLGATE_BASE_URL: baseURL, TOLLGATE_KEY_ANTHROPIC, TOLLGATE_KEY_OPENAI } = values;
  const messages = user('[[sandbox text="pong"]]');
  const claude = new Anthropic({ baseURL, apiKey: TOLLGATE_KEY_ANTHROPIC });
  const message = await claude.messages.create({ model: 'claude-sonnet-5-5', max_tokens: 64, messages });
  assert.equal(message.content[0].text, 'pong');
  const gpt = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOLLGATE_KEY_OPENAI });
  const completion = await gpt.chat.completions.create({ model: 'gpt-5.5', messages });
  assert.equal(completion.choices[0].message.content, 'pong');
});
