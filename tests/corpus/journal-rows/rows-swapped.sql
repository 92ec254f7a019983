DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET seq = 900 WHERE seq = 1;
UPDATE events SET seq = 1 WHERE seq = 2;
UPDATE events SET seq = 2 WHERE seq = 900;
