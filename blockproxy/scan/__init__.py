"""Reading whole mailboxes, to see who tracks: on disk or on a server, without changing anything.

sources   messages in files: one a file, Maildir, mbox
account   messages of an IMAP account, read-only, in batches
report    what is told about one message
workers   all cores, in order, without holding more than a few messages
tally     how many, by vendor, technique, sender or month
kept      a quick start
resume    how far a scan of an account got
"""
