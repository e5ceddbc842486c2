// Tool loops of three rounds with thinking and calls at a time, on every lane.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERY } from './callers.mjs';

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

for (const { lane, caller, open } of EVERY) {
  for (const how of ['create', 'stream']) {
    test(`${lane}: a loop by ${how}`, async () => {
      const { sdk } = await open();
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
}
