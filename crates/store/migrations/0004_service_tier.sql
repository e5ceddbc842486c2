-- What an answer said of its tier, speed and region: `fast+us`. NULL for the standard.
ALTER TABLE usage_records ADD COLUMN service_tier TEXT;
