-- The tables of schema/0001.sql and 0002.sql as PostgreSQL writes them; docs/eventlog.md explains them.

CREATE TABLE IF NOT EXISTS findings (
    id            BIGSERIAL PRIMARY KEY,
    day           TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    account       TEXT NOT NULL,
    message       TEXT NOT NULL,
    sender_domain TEXT NOT NULL,
    list_domain   TEXT NOT NULL,
    part          TEXT NOT NULL,
    occurrence    INTEGER NOT NULL,
    technique     TEXT NOT NULL,
    rule          TEXT NOT NULL,
    vendor        TEXT NOT NULL,
    action        TEXT NOT NULL,
    confidence    DOUBLE PRECISION NOT NULL,
    host          TEXT NOT NULL,
    skeleton      TEXT NOT NULL,
    evidence      TEXT NOT NULL,
    operator      TEXT NOT NULL,
    party         TEXT NOT NULL,
    identifier    TEXT NOT NULL,
    rules         TEXT NOT NULL
);

-- A row of an index has at most 2,704 octets, and a skeleton can have more.
CREATE UNIQUE INDEX IF NOT EXISTS findings_once
    ON findings (message, part, technique, rule, md5(skeleton), occurrence);

CREATE INDEX IF NOT EXISTS findings_by_day ON findings (day);
CREATE INDEX IF NOT EXISTS findings_by_account ON findings (account);

CREATE TABLE IF NOT EXISTS skips (
    id            BIGSERIAL PRIMARY KEY,
    day           TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    account       TEXT NOT NULL,
    message       TEXT NOT NULL,
    sender_domain TEXT NOT NULL,
    part          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    detail        TEXT NOT NULL,
    UNIQUE (message, part, reason)
);

CREATE INDEX IF NOT EXISTS skips_by_day ON skips (day);
CREATE INDEX IF NOT EXISTS skips_by_account ON skips (account);

CREATE TABLE IF NOT EXISTS messages (
    id            BIGSERIAL PRIMARY KEY,
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

CREATE INDEX IF NOT EXISTS messages_by_day ON messages (day);
CREATE INDEX IF NOT EXISTS messages_by_account ON messages (account);

CREATE TABLE IF NOT EXISTS sessions (
    day           TEXT NOT NULL,
    protocol      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    sessions      INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    octets        BIGINT NOT NULL,
    lost          INTEGER NOT NULL,
    PRIMARY KEY (day, protocol, direction)
);

CREATE TABLE IF NOT EXISTS daily (
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
);

CREATE TABLE IF NOT EXISTS rolled (
    day           TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS chain (
    number        BIGSERIAL PRIMARY KEY,
    day           TEXT NOT NULL,
    reason        TEXT NOT NULL,
    records       INTEGER NOT NULL,
    digest        TEXT NOT NULL,
    link          TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS keys (
    fingerprint   TEXT NOT NULL PRIMARY KEY,
    since         TEXT NOT NULL
);

CREATE OR REPLACE VIEW receipts AS
SELECT day, protocol, account, message, rule, action, evidence FROM findings WHERE technique = 'read-receipt';
