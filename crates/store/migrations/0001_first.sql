-- The first schema. Times are microseconds since 1970 UTC, money is nano-dollars, rates are millionths, booleans are
-- 0 and 1, ids are text. {blob} is the database's word for bytes.

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  rate BIGINT NOT NULL,
  -- SQLite turns a sum beyond 64 bits into a floating-point number; the bounds refuse it.
  balance BIGINT NOT NULL CHECK (balance BETWEEN -9223372036854775807 AND 9223372036854775807),
  created_at BIGINT NOT NULL
);

CREATE TABLE groups (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  platform TEXT NOT NULL,
  status TEXT NOT NULL,
  rate BIGINT NOT NULL,
  model_mapping TEXT NOT NULL,
  token_counting TEXT,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  -- HMAC-SHA256 of the key; the key itself is nowhere.
  hash {blob} NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES users (id),
  group_id TEXT NOT NULL REFERENCES groups (id),
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  status TEXT NOT NULL,
  expires_at BIGINT,
  allowed_models TEXT NOT NULL,
  allowed_addresses TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT
);
-- The name of a revoked key may be used again.
CREATE UNIQUE INDEX api_keys_user_name ON api_keys (user_id, name) WHERE status <> 'revoked';
CREATE INDEX api_keys_group ON api_keys (group_id);

CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  platform TEXT NOT NULL,
  base_urls TEXT NOT NULL,
  -- Sealed under the master key, bound to this table, column and row.
  credential TEXT NOT NULL,
  auth TEXT NOT NULL,
  models TEXT NOT NULL,
  model_mapping TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  priority BIGINT NOT NULL,
  weight BIGINT NOT NULL,
  status TEXT NOT NULL,
  -- Sealed as well: a proxy's URL may hold a password.
  proxy TEXT,
  created_at BIGINT NOT NULL
);

CREATE TABLE account_groups (
  account_id TEXT NOT NULL REFERENCES accounts (id),
  group_id TEXT NOT NULL REFERENCES groups (id),
  PRIMARY KEY (account_id, group_id)
);
CREATE INDEX account_groups_group ON account_groups (group_id);

-- Every price a model ever had. Rows are never changed or removed: usage records name them by version.
CREATE TABLE model_prices (
  version BIGINT PRIMARY KEY,
  model TEXT NOT NULL,
  price TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE models (
  name TEXT PRIMARY KEY,
  display_name TEXT,
  owned_by TEXT,
  context_window_tokens BIGINT,
  max_output_tokens BIGINT,
  price_version BIGINT NOT NULL REFERENCES model_prices (version),
  created_at BIGINT NOT NULL
);

-- What changed a balance, other than usage. Append only. With usage_records it explains every balance:
-- sum(delta) - sum(cost) = balance.
CREATE TABLE balance_entries (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  delta BIGINT NOT NULL,
  balance_after BIGINT NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX balance_entries_user ON balance_entries (user_id, id);

-- One row a request: what was used and what was charged. No foreign keys: a charge is never refused because
-- something it names is gone, and a row costs no look-ups.
CREATE TABLE usage_records (
  id TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  account_id TEXT,
  endpoint TEXT NOT NULL,
  client_protocol TEXT NOT NULL,
  upstream_protocol TEXT,
  requested_model TEXT NOT NULL,
  upstream_model TEXT,
  stream BIGINT NOT NULL,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  cache_write_5m_tokens BIGINT NOT NULL,
  cache_write_1h_tokens BIGINT NOT NULL,
  cache_read_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  web_search_calls BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  input_cost BIGINT NOT NULL,
  output_cost BIGINT NOT NULL,
  cache_write_5m_cost BIGINT NOT NULL,
  cache_write_1h_cost BIGINT NOT NULL,
  cache_read_cost BIGINT NOT NULL,
  web_search_cost BIGINT NOT NULL,
  group_rate BIGINT NOT NULL,
  user_rate BIGINT NOT NULL,
  price_version BIGINT NOT NULL,
  status BIGINT NOT NULL,
  error_kind TEXT,
  stop_reason TEXT,
  stream_end TEXT NOT NULL,
  first_byte_ms BIGINT,
  total_ms BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  client_address TEXT NOT NULL,
  client_agent TEXT,
  client_user TEXT,
  session TEXT,
  upstream_request_id TEXT,
  dropped TEXT
);
CREATE INDEX usage_records_user_at ON usage_records (user_id, at);
CREATE INDEX usage_records_at ON usage_records (at);

-- Which account made a response, so that later requests about it go to the same one.
CREATE TABLE response_owners (
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX response_owners_expires ON response_owners (expires_at);

-- Counts every change that a running gate has to learn of. One row.
CREATE TABLE config_version (
  id BIGINT PRIMARY KEY,
  version BIGINT NOT NULL
);
INSERT INTO config_version (id, version) VALUES (1, 0);

-- Something sealed under the master key, to find out at once when a database is opened with another one. One row.
CREATE TABLE master_key_check (
  id BIGINT PRIMARY KEY,
  sealed TEXT NOT NULL
);
