-- Which of the servers that share this database reconciles. The epoch grows with every change of hands; a write that names
-- an older one is refused.
CREATE TABLE terms (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
INSERT INTO terms (name, holder, epoch, expires_at) VALUES ('reconciler', '', 0, 0);
-- Counts the changes of agents, so that servers learn of what others wrote.
INSERT INTO locks (name, taken) VALUES ('agents', 0);
