BEGIN TRANSACTION;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL, entry INTEGER,
    venue_user TEXT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL,
    body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,'2026-11-29T09:24:05.577Z','20261129-092405-408970','run',NULL,'','','','{"actor":"tester","clean":null,"command":"apply","commit":null,"digest":"sha256:fa10d17dccc285d4f9eae80b2d9069f210e31904794c9bf07db8dda6766df64f","flags":{"after_cap":false,"allow_sensitive":false,"auto_approve":true,"expect":null,"plan_file":null,"replace":[],"skip_blocked":false},"process":{"host":"vm","machine":"11e3ebff-fed3-4ad0-8dff-a566ac47d083/pid:[4026531836]","pid":29390,"started":"4511979"}}','0000000000000000000000000000000000000000000000000000000000000000','828bed93e0e42b8329a5aa296652fa50365e0863a3f50f51b4cf3f6430ac0549');
INSERT INTO "events" VALUES(2,'2026-11-29T09:24:05.732Z','20261129-092405-408970','connection',NULL,'700000000000000001','','','{"base_url":"http://127.0.0.1:36257","environment":"demo","venue":"desk"}','828bed93e0e42b8329a5aa296652fa50365e0863a3f50f51b4cf3f6430ac0549','033d749b6e3e7ff38307e2af9882eee10b3cec23e1c491c300ac3db4f5414b39');
INSERT INTO "events" VALUES(3,'2026-11-29T09:24:05.740Z','20261129-092405-408970','step',NULL,'','','mmdesk01','{"action":"create","address":"mmdesk01","after":{"label":"Desk1","name":"mmdesk01","parent":""},"before":null,"before_known":true,"code":"","message":"skipped: something else in its account is blocked or could not be read","name":"mmdesk01","prechecks":[],"status":"not_started","uid":"","venue":"desk"}','033d749b6e3e7ff38307e2af9882eee10b3cec23e1c491c300ac3db4f5414b39','95ab7dbf709614e55285619fa34a774511baf51f422ecdfad33327f6c443c786');
INSERT INTO "events" VALUES(4,'2026-11-29T09:24:05.740Z','20261129-092405-408970','step',NULL,'','','mmdesk01.account_mode','{"action":"change","address":"mmdesk01.account_mode","after":"futures","before":"spot","before_known":true,"code":"","message":"no_open_positions: no key signs for this account; no_pending_orders: no key signs for this account; no_algo_orders: no key signs for this account; no_bots: no key signs for this account; account_mode_switch: no key signs for this account","name":"mmdesk01","prechecks":[{"detail":"no key signs for this account","name":"no_open_positions","status":"unknown"},{"detail":"no key signs for this account","name":"no_pending_orders","status":"unknown"},{"detail":"no key signs for this account","name":"no_algo_orders","status":"unknown"},{"detail":"no key signs for this account","name":"no_bots","status":"unknown"},{"detail":"no key signs for this account","name":"account_mode_switch","status":"unknown"}],"status":"blocked","uid":"","venue":"desk"}','95ab7dbf709614e55285619fa34a774511baf51f422ecdfad33327f6c443c786','09c7f37c870774daff46d22f8b31076b66132a9e5118f75985e3c650aaa29495');
INSERT INTO "events" VALUES(5,'2026-11-29T09:24:05.740Z','20261129-092405-408970','run_end',NULL,'','','','{"status":"done","summary":{"blocked":1,"changed":0,"created":0,"deleted":0,"exit":3,"failed":0,"not_started":1,"replaced":0}}','09c7f37c870774daff46d22f8b31076b66132a9e5118f75985e3c650aaa29495','8a1420387860a0e3f319e741f2a8a3d8642e4935875ecf97a2020f22ffcbd5b4');
CREATE INDEX events_by_run ON events (run);
CREATE INDEX events_by_entry ON events (entry) WHERE entry IS NOT NULL;
CREATE INDEX events_by_account ON events (venue_user, kind, account);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'rows are never altered'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'rows are never removed'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',5);
COMMIT;
PRAGMA user_version = 1;
PRAGMA application_id = 1633903462;
