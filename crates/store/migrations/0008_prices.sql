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
