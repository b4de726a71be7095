-- The servers that share this database. Each counts its own beats, so that the others see that it is alive, and what it
-- has told them.
CREATE TABLE servers (
    id TEXT NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL,
    told BIGINT NOT NULL
);
-- What servers tell each other, for as long as the others need to read it: seconds.
CREATE TABLE news (
    server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (server_id, number)
);
