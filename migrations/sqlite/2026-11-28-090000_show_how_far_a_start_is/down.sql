ALTER TABLE agent_modes DROP COLUMN step;
