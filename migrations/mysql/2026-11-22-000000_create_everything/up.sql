-- The collation is binary, so that names which differ in case or accents differ here as in the other two databases.

-- Rows that transactions update in order to wait for one another.
CREATE TABLE locks (
    name VARCHAR(100) NOT NULL PRIMARY KEY,
    taken BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO locks (name, taken) VALUES ('registration', 0);

CREATE TABLE users (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    username VARCHAR(32) NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role VARCHAR(32) NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sessions (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    secret_hash VARCHAR(64) NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    name VARCHAR(100) NOT NULL,
    last_four VARCHAR(32) NOT NULL,
    secret_hash VARCHAR(64) NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE projects (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    name VARCHAR(100) NOT NULL,
    repository_url TEXT,
    default_branch TEXT NOT NULL,
    start_command TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (user_id, name),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE tasks (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    project_id VARCHAR(36) NOT NULL,
    title TEXT NOT NULL,
    description MEDIUMTEXT NOT NULL,
    state VARCHAR(32) NOT NULL,
    priority INTEGER NOT NULL,
    parent_id VARCHAR(36),
    result MEDIUMTEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE,
    FOREIGN KEY (parent_id) REFERENCES tasks (id) ON DELETE SET NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX tasks_in_order ON tasks (project_id, priority, id);
CREATE INDEX tasks_by_state ON tasks (project_id, state, priority, id);
CREATE INDEX tasks_by_parent ON tasks (parent_id);

CREATE TABLE task_dependencies (
    task_id VARCHAR(36) NOT NULL,
    depends_on_id VARCHAR(36) NOT NULL,
    PRIMARY KEY (task_id, depends_on_id),
    FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    FOREIGN KEY (depends_on_id) REFERENCES tasks (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX task_dependencies_backwards ON task_dependencies (depends_on_id);

CREATE TABLE agents (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    user_id VARCHAR(36) NOT NULL,
    project_id VARCHAR(36) NOT NULL,
    name VARCHAR(100) NOT NULL,
    -- The name while it is in use; NULL once the agent shall be deleted, so that the name is free again.
    unique_name VARCHAR(100),
    desired VARCHAR(32) NOT NULL,
    phase VARCHAR(32) NOT NULL,
    reason VARCHAR(32),
    message TEXT NOT NULL,
    start_command TEXT NOT NULL,
    memory_mib INTEGER NOT NULL,
    processes INTEGER NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    desired_since BIGINT NOT NULL,
    phase_since BIGINT NOT NULL,
    UNIQUE (user_id, unique_name),
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX agents_by_user ON agents (user_id, id);
CREATE INDEX agents_by_project ON agents (project_id);

CREATE TABLE events (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    task_id VARCHAR(36),
    agent_id VARCHAR(36),
    at BIGINT NOT NULL,
    actor_kind VARCHAR(32) NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    kind MEDIUMTEXT NOT NULL,
    FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE INDEX events_by_task ON events (task_id, id);
CREATE INDEX events_by_agent ON events (agent_id, id);

-- No foreign keys: the log outlives what it names.
CREATE TABLE audit_events (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind VARCHAR(32) NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action VARCHAR(32) NOT NULL,
    object TEXT,
    address TEXT NOT NULL,
    outcome VARCHAR(32) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
