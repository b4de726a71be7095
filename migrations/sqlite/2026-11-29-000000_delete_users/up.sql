-- Since when the account is being deleted; NULL for one that is in use. Its row goes when nothing of its agents is left.
ALTER TABLE users ADD COLUMN deleting_since BIGINT;
CREATE INDEX users_by_deletion ON users (deleting_since);
