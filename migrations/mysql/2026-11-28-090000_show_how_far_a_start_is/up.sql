-- How far the start of an agent has come.
ALTER TABLE agent_modes ADD COLUMN step VARCHAR(32);
