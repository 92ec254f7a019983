DROP TRIGGER events_stay;
DROP TRIGGER events_last;
DROP INDEX events_by_run;
DROP INDEX events_by_entry;
ALTER TABLE events DROP COLUMN entry;
