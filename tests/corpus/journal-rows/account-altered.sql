DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET account = 'mmdesk99' WHERE seq = 2;
