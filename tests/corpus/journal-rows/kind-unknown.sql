DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET kind = 'gift' WHERE seq = 1;
