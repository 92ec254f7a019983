DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET body = '{}' WHERE seq = 2;
