DROP TABLE credentials;
DROP TABLE answered_calls;
DROP TABLE agent_tokens;
DROP TABLE questions;
DROP TABLE leases;
DROP TABLE agent_modes;
ALTER TABLE projects DROP COLUMN working_limit;
