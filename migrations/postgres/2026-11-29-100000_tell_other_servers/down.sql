DROP TABLE news;
DROP TABLE servers;
