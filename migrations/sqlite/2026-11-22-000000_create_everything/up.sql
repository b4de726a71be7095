-- Rows that transactions update in order to wait for one another.
CREATE TABLE locks (
    name TEXT NOT NULL PRIMARY KEY,
    taken BIGINT NOT NULL
);
INSERT INTO locks (name, taken) VALUES ('registration', 0);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_last_seen ON sessions (last_seen_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    last_four TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    repository_url TEXT,
    default_branch TEXT NOT NULL,
    start_command TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (user_id, name)
);

CREATE TABLE tasks (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    parent_id TEXT REFERENCES tasks (id) ON DELETE SET NULL,
    result TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX tasks_in_order ON tasks (project_id, priority, id);
CREATE INDEX tasks_by_state ON tasks (project_id, state, priority, id);
CREATE INDEX tasks_by_parent ON tasks (parent_id);

CREATE TABLE task_dependencies (
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    depends_on_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, depends_on_id)
);
CREATE INDEX task_dependencies_backwards ON task_dependencies (depends_on_id);

CREATE TABLE agents (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- The name while it is in use; NULL once the agent shall be deleted, so that the name is free again.
    unique_name TEXT,
    desired TEXT NOT NULL,
    phase TEXT NOT NULL,
    reason TEXT,
    message TEXT NOT NULL,
    start_command TEXT NOT NULL,
    memory_mib INTEGER NOT NULL,
    processes INTEGER NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    desired_since BIGINT NOT NULL,
    phase_since BIGINT NOT NULL,
    UNIQUE (user_id, unique_name)
);
CREATE INDEX agents_by_user ON agents (user_id, id);
CREATE INDEX agents_by_project ON agents (project_id);

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    task_id TEXT REFERENCES tasks (id) ON DELETE CASCADE,
    agent_id TEXT REFERENCES agents (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    kind TEXT NOT NULL
);
CREATE INDEX events_by_task ON events (task_id, id);
CREATE INDEX events_by_agent ON events (agent_id, id);

-- No foreign keys: the log outlives what it names.
CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT,
    address TEXT NOT NULL,
    outcome TEXT NOT NULL
);
