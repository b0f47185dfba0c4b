-- What blockproxy keeps, field by field. Nothing here is a body, a subject, an address, a token or a time of day.

-- One row for each tracker in each message.
CREATE TABLE findings (
    id            INTEGER PRIMARY KEY,
    day           TEXT NOT NULL,     -- UTC day, 2026-01-31; the finest time there is
    protocol      TEXT NOT NULL,     -- imap, smtp
    direction     TEXT NOT NULL,     -- in: to the reader, out: from the reader
    account       TEXT NOT NULL,     -- pseudonym of the login name: HMAC-SHA256 under the key file beside this file
    message       TEXT NOT NULL,     -- pseudonym of the message in this account, by the same key
    sender_domain TEXT NOT NULL,     -- domain of From; labels that could be an identifier are *
    list_domain   TEXT NOT NULL,     -- registrable domain of List-Id
    part          TEXT NOT NULL,     -- MIME part as FETCH numbers it, '' for the message's own header
    occurrence    INTEGER NOT NULL,  -- 1 for the first in this part with the same technique, rule and skeleton, then 2, ...
    technique     TEXT NOT NULL,     -- open-pixel, address-leak, ...: how it reports back
    rule          TEXT NOT NULL,     -- vendor-id/rule-id, or the name of the heuristic
    vendor        TEXT NOT NULL,     -- name of the vendor, '' where none is known
    action        TEXT NOT NULL,     -- remove, unwrap, strip, rename, hold; report: seen and left alone
    confidence    REAL NOT NULL,     -- 0 to 1
    host          TEXT NOT NULL,     -- registrable domain of the URL
    skeleton      TEXT NOT NULL,     -- the URL with everything masked that could identify; '' where there is no URL
    evidence      TEXT NOT NULL,     -- one sentence, masked in the same way
    -- Reading a message again, or one part of it, does not count again. (An offset would not do: it is another one when
    -- the part is fetched alone.)
    UNIQUE (message, part, technique, rule, skeleton, occurrence)
);

CREATE INDEX findings_by_day ON findings (day);
CREATE INDEX findings_by_account ON findings (account);

-- One row for each part that was left as it was because it could not be understood.
CREATE TABLE skips (
    id            INTEGER PRIMARY KEY,
    day           TEXT NOT NULL,     -- as in findings, and so are the next four
    protocol      TEXT NOT NULL,
    direction     TEXT NOT NULL,
    account       TEXT NOT NULL,
    message       TEXT NOT NULL,
    sender_domain TEXT NOT NULL,     -- as in findings
    part          TEXT NOT NULL,     -- as in findings
    reason        TEXT NOT NULL,     -- one of cleaner.SKIP_REASONS
    detail        TEXT NOT NULL,     -- type of the exception (reason error), or a sentence, masked, or ''
    UNIQUE (message, part, reason)
);

CREATE INDEX skips_by_day ON skips (day);
CREATE INDEX skips_by_account ON skips (account);
