DROP TRIGGER events_stay;
DROP TRIGGER events_last;
UPDATE events SET body = replace(hex(zeroblob(20000)), '0', '[') WHERE seq = 2;
