-- What is done when an account fails, before the gate's own table: JSON, a list of rules.
ALTER TABLE accounts ADD COLUMN failover TEXT NOT NULL DEFAULT '[]';
-- Its keys beside the first: JSON, a list of number, hint and sealed key.
ALTER TABLE accounts ADD COLUMN further_keys TEXT NOT NULL DEFAULT '[]';
-- How it is probed: JSON, or nothing.
ALTER TABLE accounts ADD COLUMN probe TEXT;
-- Since when somebody has to look at it, and what its provider said.
ALTER TABLE accounts ADD COLUMN attention_at BIGINT;
ALTER TABLE accounts ADD COLUMN attention_words TEXT;
