"""The history of what was blocked: one SQLite file that may be lost, stolen or published without harm to the reader.

It says which sender's messages carried which tracker, on which day. It never holds a body, a subject, a password, a
token, a full URL or a time of day: an IMAP FETCH *is* the reading, so its minute would be what the trackers wanted.
Account and message are keyed pseudonyms. `events` makes the rows, `skeleton` masks what could identify, `store` writes,
`query` reads, `schema/` says field by field what is there.
"""
