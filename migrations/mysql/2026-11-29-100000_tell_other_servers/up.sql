-- The servers that share this database. Each counts its own beats, so that the others see that it is alive, and what it
-- has told them.
CREATE TABLE servers (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL,
    told BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- What servers tell each other, for as long as the others need to read it: seconds.
CREATE TABLE news (
    server_id VARCHAR(36) NOT NULL,
    number BIGINT NOT NULL,
    content MEDIUMTEXT NOT NULL,
    PRIMARY KEY (server_id, number),
    FOREIGN KEY (server_id) REFERENCES servers (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
