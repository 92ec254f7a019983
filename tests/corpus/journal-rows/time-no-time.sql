DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET at = 'yesterday' WHERE seq = 1;
