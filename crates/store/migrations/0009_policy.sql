-- In which order a group's accounts are tried.
ALTER TABLE groups ADD COLUMN policy TEXT NOT NULL DEFAULT 'priority';
