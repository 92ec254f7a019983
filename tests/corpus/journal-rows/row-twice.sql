INSERT INTO events (at, run, kind, entry, venue_user, account, address, body, prev, hash) SELECT at, run, kind, entry, venue_user, account, address, body, prev, hash FROM events WHERE seq = 2;
