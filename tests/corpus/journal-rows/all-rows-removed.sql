DROP TRIGGER events_stay;
DROP TRIGGER events_last;
DELETE FROM events;
