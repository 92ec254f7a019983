DROP TRIGGER events_stay;
DROP TRIGGER events_last;
DELETE FROM events WHERE seq = 5;
UPDATE sqlite_sequence SET seq = 5;
