-- How a request was served, where that multiplied its price: tier, speed and region.
ALTER TABLE usage_records ADD COLUMN service_tier TEXT;
