-- What an operator says of a model and of an account, where their names do not tell it right; NULL where nothing is said.
-- JSON; each member replaces what the model's name tells.
ALTER TABLE models ADD COLUMN traits TEXT;
-- A provider family's word.
ALTER TABLE accounts ADD COLUMN family TEXT;
