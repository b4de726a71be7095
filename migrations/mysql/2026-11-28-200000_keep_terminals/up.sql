-- What was last on the terminals of agents. It outlives the agent, so nothing refers to that.
CREATE TABLE kept_terminals (
    agent_id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    agent_name VARCHAR(100) NOT NULL,
    captured_at BIGINT NOT NULL,
    content MEDIUMTEXT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX kept_terminals_by_user ON kept_terminals (user_id, captured_at);
CREATE INDEX kept_terminals_by_age ON kept_terminals (captured_at);
