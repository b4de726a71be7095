-- What was last on the terminals of agents. It outlives the agent, so nothing refers to that.
CREATE TABLE kept_terminals (
    agent_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_name TEXT COLLATE "C" NOT NULL,
    captured_at BIGINT NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX kept_terminals_by_user ON kept_terminals (user_id, captured_at);
CREATE INDEX kept_terminals_by_age ON kept_terminals (captured_at);
