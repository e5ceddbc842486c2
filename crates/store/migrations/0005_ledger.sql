-- What is held for requests that are not settled yet.

-- The sum of the user's open holds. What is available is balance - held.
ALTER TABLE users ADD COLUMN held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0);

-- Open holds only: a hold goes in the transaction that writes its request's usage record. The id is the request's, and
-- one hold covers all attempts of a request. No foreign keys, as in usage_records.
CREATE TABLE holds (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  amount BIGINT NOT NULL,
  credit_line BIGINT NOT NULL,
  price_version BIGINT NOT NULL,
  group_rate BIGINT NOT NULL,
  user_rate BIGINT NOT NULL,
  endpoint TEXT NOT NULL,
  client_protocol TEXT NOT NULL,
  requested_model TEXT NOT NULL,
  stream BIGINT NOT NULL,
  input_tokens BIGINT NOT NULL,
  node TEXT NOT NULL,
  at BIGINT NOT NULL
-- only: sqlite
) WITHOUT ROWID;
-- end
-- only: postgres
);
-- end
CREATE INDEX holds_node ON holds (node, id);

-- What was held for the request; NULL if nothing was.
ALTER TABLE usage_records ADD COLUMN held BIGINT;
-- Whether the request was closed by recovery and not by itself.
ALTER TABLE usage_records ADD COLUMN recovered BIGINT NOT NULL DEFAULT 0;

-- Runs of the gate that may have open holds. One whose beat stands still is lost.
CREATE TABLE nodes (
  id TEXT PRIMARY KEY,
  beat BIGINT NOT NULL,
  started_at BIGINT NOT NULL
);

ALTER TABLE groups ADD COLUMN hold TEXT NOT NULL DEFAULT 'full';
-- How far below zero a hold may take what is available.
ALTER TABLE groups ADD COLUMN credit_line BIGINT NOT NULL DEFAULT 0 CHECK (credit_line >= 0);
ALTER TABLE groups ADD COLUMN on_disconnect TEXT NOT NULL DEFAULT 'drain';
