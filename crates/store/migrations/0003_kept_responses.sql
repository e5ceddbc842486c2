-- Responses that no provider keeps: what a caller needs to go on with one, or to read it again. The texts are compressed
-- and sealed under the master key.
CREATE TABLE kept_responses (
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  previous_id TEXT,
  input TEXT NOT NULL,
  response TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX kept_responses_expires ON kept_responses (expires_at);
