-- Where a group's requests go besides its own accounts, and how they are changed on their way: JSON.
ALTER TABLE groups ADD COLUMN routes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE groups ADD COLUMN fallbacks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE groups ADD COLUMN shaping TEXT NOT NULL DEFAULT '{}';
ALTER TABLE accounts ADD COLUMN shaping TEXT NOT NULL DEFAULT '{}';
