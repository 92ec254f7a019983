DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET at = '2099-01-01T00:00:00Z' WHERE seq = 1;
