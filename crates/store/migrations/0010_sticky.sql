-- How long a session is remembered, and how long a request waits for its session's account.
ALTER TABLE groups ADD COLUMN sticky_ttl_s BIGINT NOT NULL DEFAULT 3600;
ALTER TABLE groups ADD COLUMN sticky_wait_ms BIGINT NOT NULL DEFAULT 3000;

-- The provider's organization that an account belongs to, as the operator calls it.
ALTER TABLE accounts ADD COLUMN organization TEXT;
