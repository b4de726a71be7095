DROP INDEX users_by_deletion ON users;
ALTER TABLE users DROP COLUMN deleting_since;
