DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET body = 'CANARY{' WHERE seq = 2;
