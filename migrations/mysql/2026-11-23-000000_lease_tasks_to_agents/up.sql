ALTER TABLE projects ADD COLUMN working_limit INTEGER;

-- A row for every agent that was launched with a mode of its own choice.
CREATE TABLE agent_modes (
    agent_id VARCHAR(36) NOT NULL PRIMARY KEY,
    mode VARCHAR(32) NOT NULL,
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row for every task that an agent ever held.
CREATE TABLE leases (
    task_id VARCHAR(36) NOT NULL PRIMARY KEY,
    -- The agent that holds the task; NULL while none does.
    agent_id VARCHAR(36),
    agent_name VARCHAR(100) NOT NULL,
    epoch BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    -- NULL while no agent holds the task.
    expires_at BIGINT,
    attempts INTEGER NOT NULL,
    report TEXT,
    FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX leases_by_agent ON leases (agent_id);
CREATE INDEX leases_by_expiry ON leases (expires_at);

CREATE TABLE questions (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    agent_id VARCHAR(36) NOT NULL,
    project_id VARCHAR(36) NOT NULL,
    task_id VARCHAR(36),
    agent_name VARCHAR(100) NOT NULL,
    prompts MEDIUMTEXT NOT NULL,
    blocking INTEGER NOT NULL,
    default_option TEXT,
    status VARCHAR(32) NOT NULL,
    answers MEDIUMTEXT NOT NULL,
    answered_by TEXT,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    closed_at BIGINT,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE,
    FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX questions_by_user ON questions (user_id, status, id);
CREATE INDEX questions_by_task ON questions (task_id, id);
CREATE INDEX questions_by_agent ON questions (agent_id, id);
CREATE INDEX questions_by_project ON questions (project_id);
CREATE INDEX questions_by_expiry ON questions (status, expires_at);

-- One token for every agent that shall run.
CREATE TABLE agent_tokens (
    agent_id VARCHAR(36) NOT NULL PRIMARY KEY,
    id VARCHAR(36) NOT NULL UNIQUE,
    secret_hash VARCHAR(64) NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What agents were answered, so that a repeated call gets the first answer.
CREATE TABLE answered_calls (
    agent_id VARCHAR(36) NOT NULL,
    call_key VARCHAR(200) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    answer MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, call_key),
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX answered_calls_by_age ON answered_calls (created_at);

-- What users give to their agents. The secret is sealed, bound to the row and its owner.
CREATE TABLE credentials (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    sealed TEXT NOT NULL,
    key_id VARCHAR(64) NOT NULL,
    last_four VARCHAR(32) NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (user_id, kind),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX credentials_by_key ON credentials (key_id);
