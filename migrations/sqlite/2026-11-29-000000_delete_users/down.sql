DROP INDEX users_by_deletion;
ALTER TABLE users DROP COLUMN deleting_since;
