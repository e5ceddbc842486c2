-- What else is counted and charged by itself.
ALTER TABLE usage_records ADD COLUMN input_audio_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN output_audio_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN input_image_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN output_image_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN generated_images BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN file_search_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN code_execution_calls BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN reasoning_cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN audio_cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN images_cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN tools_cost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_records ADD COLUMN request_cost BIGINT NOT NULL DEFAULT 0;

-- A price holds from a time on, everywhere or in one place: `account:<id>`, `family:<name>`. Its hours are JSON.
ALTER TABLE model_prices ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE model_prices ADD COLUMN effective_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE model_prices ADD COLUMN hours TEXT NOT NULL DEFAULT '[]';
-- Rows stay, since usage records name them; what holds no more, or never held, is withdrawn.
ALTER TABLE model_prices ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0;
UPDATE model_prices SET effective_from = created_at;
UPDATE model_prices SET withdrawn = 1 WHERE model NOT IN (SELECT name FROM models);
CREATE INDEX model_prices_model ON model_prices (model, place, effective_from, version);

-- Which price is in force is told by the time. SQLite drops no column that refers to another table.
-- only: postgres
ALTER TABLE models DROP COLUMN price_version;
-- end
-- only: sqlite
CREATE TABLE new_models (
  name TEXT PRIMARY KEY,
  display_name TEXT,
  owned_by TEXT,
  context_window_tokens BIGINT,
  max_output_tokens BIGINT,
  created_at BIGINT NOT NULL,
  traits TEXT
);
INSERT INTO new_models SELECT name, display_name, owned_by, context_window_tokens, max_output_tokens, created_at, traits
  FROM models;
DROP TABLE models;
ALTER TABLE new_models RENAME TO models;
-- end

-- What stands in for a group's rate in some hours: JSON.
ALTER TABLE groups ADD COLUMN peak_hours TEXT NOT NULL DEFAULT '[]';

-- What stands in for a group's rate for one user, at every hour.
CREATE TABLE user_group_rates (
  user_id TEXT NOT NULL REFERENCES users (id),
  group_id TEXT NOT NULL REFERENCES groups (id),
  rate BIGINT NOT NULL,
  PRIMARY KEY (user_id, group_id)
);
