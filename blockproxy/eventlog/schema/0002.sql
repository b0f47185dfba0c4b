-- What docs/eventlog.md explains field by field, beside what 0001.sql made.

ALTER TABLE findings ADD COLUMN operator TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN party TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN identifier TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN rules TEXT NOT NULL DEFAULT '';

-- One row for each message that has a finding or a skip.
CREATE TABLE messages (
    id            INTEGER PRIMARY KEY,
    day           TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    account       TEXT NOT NULL,
    message       TEXT NOT NULL UNIQUE,
    sender_domain TEXT NOT NULL,
    list_domain   TEXT NOT NULL,
    size          INTEGER NOT NULL,
    rules         TEXT NOT NULL
);

CREATE INDEX messages_by_day ON messages (day);
CREATE INDEX messages_by_account ON messages (account);

INSERT OR IGNORE INTO messages (day, protocol, direction, account, message, sender_domain, list_domain, size, rules)
SELECT day, protocol, direction, account, message, sender_domain, list_domain, 0, '' FROM findings ORDER BY id;

INSERT OR IGNORE INTO messages (day, protocol, direction, account, message, sender_domain, list_domain, size, rules)
SELECT day, protocol, direction, account, message, sender_domain, '', 0, '' FROM skips ORDER BY id;

-- Sessions in numbers, one row a day.
CREATE TABLE sessions (
    day           TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    sessions      INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    octets        INTEGER NOT NULL,
    lost          INTEGER NOT NULL,
    PRIMARY KEY (day, protocol, direction)
) WITHOUT ROWID;

-- Days that have ended, counted once and for all: every combination of the four columns in `dimensions` has its rows.
CREATE TABLE daily (
    dimensions    INTEGER NOT NULL,
    day           TEXT NOT NULL,
    technique     TEXT NOT NULL,
    vendor        TEXT NOT NULL,
    sender_domain TEXT NOT NULL,
    action        TEXT NOT NULL,
    findings      INTEGER NOT NULL,
    blocked       INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    PRIMARY KEY (dimensions, day, technique, vendor, sender_domain, action)
) WITHOUT ROWID;

-- The days whose rows in `daily` are complete.
CREATE TABLE rolled (
    day           TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- A digest of every day that has ended, each linked to the one before. Rows are only ever added.
CREATE TABLE chain (
    number        INTEGER PRIMARY KEY,
    day           TEXT NOT NULL,
    reason        TEXT NOT NULL,
    records       INTEGER NOT NULL,
    digest        TEXT NOT NULL,
    link          TEXT NOT NULL
);

-- Since when a key makes the pseudonyms. The keys themselves stand in the key file.
CREATE TABLE keys (
    fingerprint   TEXT NOT NULL PRIMARY KEY,
    since         TEXT NOT NULL
) WITHOUT ROWID;

CREATE VIEW receipts AS
SELECT day, protocol, account, message, rule, action, evidence FROM findings WHERE technique = 'read-receipt';
