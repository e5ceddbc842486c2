// What goes wrong at the account reaches the caller as the vendor's own error, on every lane.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERY } from './callers.mjs';

// The SDK's class and the status, of Anthropic and of OpenAI.
const OVERLOADED = { messages: ['OverloadedError', 529], others: ['InternalServerError', 503] };
const FAILURES = {
  'status=400': { others: ['BadRequestError', 400] },
  'status=429 retry_after=1': { others: ['RateLimitError', 429] },
  'status=500': { others: ['InternalServerError', 500] },
  'status=503': OVERLOADED,
  'status=529': OVERLOADED,
  html: { others: ['InternalServerError', 502] },
};
const LIMITED = { messages: 'rate_limit_error', others: 'rate_limit_exceeded' };

/** What is said of a caller's protocol, or of all others. */
const of = (said, protocol) => said[protocol] ?? said.others;

for (const { lane, caller, open } of EVERY) {
  for (const [fault, failure] of Object.entries(FAILURES)) {
    test(`${lane}: ${fault}`, async () => {
      const { sdk } = await open();
      const call = caller.create(sdk, caller.body(`[[sandbox ${fault}]]`));
      const error = await call.then(() => assert.fail('no error'), (error) => error);
      const [theirs, status] = of(failure, lane.caller);
      assert.equal(error.constructor, caller.Errors[theirs], `${error}`);
      assert.equal(error.status, status);
      assert.ok(error.requestID, 'an error carries its request id');
      if (status !== 429) return;
      assert.equal(error.headers.get('retry-after'), '1');
      assert.equal(error.code ?? error.error.error.type, of(LIMITED, lane.caller));
    });
  }
}
