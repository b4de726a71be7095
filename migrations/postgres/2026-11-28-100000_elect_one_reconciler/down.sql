DELETE FROM locks WHERE name = 'agents';
DROP TABLE terms;
