DROP TABLE kept_terminals;
