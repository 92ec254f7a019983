DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET hash = 'sha256:0' WHERE seq = 1;
