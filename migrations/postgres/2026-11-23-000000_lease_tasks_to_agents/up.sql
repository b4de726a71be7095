ALTER TABLE projects ADD COLUMN working_limit INTEGER;

-- A row for every agent that was launched with a mode of its own choice.
CREATE TABLE agent_modes (
    agent_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    mode TEXT NOT NULL
);

-- One row for every task that an agent ever held.
CREATE TABLE leases (
    task_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    -- The agent that holds the task; NULL while none does.
    agent_id TEXT COLLATE "C" REFERENCES agents (id) ON DELETE SET NULL,
    agent_name TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    -- NULL while no agent holds the task.
    expires_at BIGINT,
    attempts INTEGER NOT NULL,
    report TEXT
);
CREATE INDEX leases_by_agent ON leases (agent_id);
CREATE INDEX leases_by_expiry ON leases (expires_at);

CREATE TABLE questions (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    agent_id TEXT COLLATE "C" NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    task_id TEXT COLLATE "C" REFERENCES tasks (id) ON DELETE CASCADE,
    agent_name TEXT NOT NULL,
    prompts TEXT NOT NULL,
    blocking INTEGER NOT NULL,
    default_option TEXT,
    status TEXT COLLATE "C" NOT NULL,
    answers TEXT NOT NULL,
    answered_by TEXT,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    closed_at BIGINT
);
CREATE INDEX questions_by_user ON questions (user_id, status, id);
CREATE INDEX questions_by_task ON questions (task_id, id);
CREATE INDEX questions_by_agent ON questions (agent_id, id);
CREATE INDEX questions_by_project ON questions (project_id);
CREATE INDEX questions_by_expiry ON questions (status, expires_at);

-- One token for every agent that shall run.
CREATE TABLE agent_tokens (
    agent_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    secret_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- What agents were answered, so that a repeated call gets the first answer.
CREATE TABLE answered_calls (
    agent_id TEXT COLLATE "C" NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    call_key TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, call_key)
);
CREATE INDEX answered_calls_by_age ON answered_calls (created_at);

-- What users give to their agents. The secret is sealed, bound to the row and its owner.
CREATE TABLE credentials (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    sealed TEXT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    last_four TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (user_id, kind)
);
CREATE INDEX credentials_by_key ON credentials (key_id);
