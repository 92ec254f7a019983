DROP TABLE events;
CREATE TABLE invoices (id INTEGER);
PRAGMA user_version = 0;
