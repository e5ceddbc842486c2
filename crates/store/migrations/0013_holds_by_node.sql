-- Holds are few, since only open ones are rows, and who looks for those of a node may read them all. Every request would pay for
-- the index twice: when its hold is taken and when it is closed.
DROP INDEX holds_node;
