INSERT INTO events (at, run, kind, entry, venue_user, account, address, body, prev, hash) VALUES ('2026-11-29T00:00:00Z', 'r1', 'note', NULL, '', '', '', '{}', '', '');
