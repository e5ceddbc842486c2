-- How much keys, users, groups, accounts and models may use. A missing value is no limit, and so is a missing row.
CREATE TABLE limits (
  -- key, user, group, each_key (of a group), account or model.
  scope TEXT NOT NULL,
  -- The id; of a model its name. No foreign keys, since they would go to five tables: who removes one removes its row.
  scope_id TEXT NOT NULL,
  requests_per_minute BIGINT CHECK (requests_per_minute > 0),
  tokens_per_minute BIGINT CHECK (tokens_per_minute > 0),
  concurrency BIGINT CHECK (concurrency > 0),
  PRIMARY KEY (scope, scope_id)
);
