-- Quotas, subscriptions and what they are made from.

-- What may be spent in a window of time. `used` is the sum of what the settled requests of its owner cost that came in
-- since `starts_at`; `held` the sum of the open holds that name it, of whichever window.
CREATE TABLE quotas (
  id TEXT PRIMARY KEY,
  -- Of a key, a user, an account or a subscription: the id tells which.
  owner_id TEXT NOT NULL,
  -- `window` is a word of PostgreSQL's own.
  span TEXT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount >= 0),
  starts_at BIGINT NOT NULL,
  ends_at BIGINT,
  used BIGINT NOT NULL DEFAULT 0,
  held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0),
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX quotas_owner ON quotas (owner_id, span);

-- What subscriptions are made from. Changing a plan does not change those that were made from it.
CREATE TABLE plans (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  group_id TEXT NOT NULL REFERENCES groups (id),
  days BIGINT NOT NULL CHECK (days > 0),
  -- JSON: what may be spent in a day, a week, a month.
  amounts TEXT NOT NULL,
  -- Where calendar periods begin; NULL counts them from the subscription's begin.
  time_zone TEXT,
  created_at BIGINT NOT NULL
);

-- A user's allowance in a group for a time; its quotas are its own.
CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  group_id TEXT NOT NULL REFERENCES groups (id),
  plan_id TEXT REFERENCES plans (id),
  status TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX subscriptions_user ON subscriptions (user_id, group_id);

-- Codes that are redeemed once, for money or for a subscription.
CREATE TABLE vouchers (
  id TEXT PRIMARY KEY,
  -- HMAC-SHA256 of the code; the code itself is nowhere.
  hash {blob} NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  batch TEXT NOT NULL,
  amount BIGINT CHECK (amount > 0),
  plan_id TEXT REFERENCES plans (id),
  status TEXT NOT NULL,
  expires_at BIGINT,
  created_at BIGINT NOT NULL,
  redeemed_at BIGINT,
  redeemed_by TEXT REFERENCES users (id)
);
CREATE INDEX vouchers_batch ON vouchers (batch, id);

-- From what a request is paid: the subscription, or the balance where this is NULL.
ALTER TABLE holds ADD COLUMN subscription_id TEXT;
-- The quotas that the hold is counted in, with spaces between; NULL for none.
ALTER TABLE holds ADD COLUMN quotas TEXT;
ALTER TABLE usage_records ADD COLUMN subscription_id TEXT;
-- What the request costs at its account: the list price, times the account's own rate.
ALTER TABLE usage_records ADD COLUMN account_cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN rate BIGINT NOT NULL DEFAULT 1000000;

ALTER TABLE groups ADD COLUMN funding TEXT NOT NULL DEFAULT 'subscription_first';

-- Who made the change; NULL for the program itself.
ALTER TABLE balance_entries ADD COLUMN author TEXT;
