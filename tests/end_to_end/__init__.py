"""The program between real servers and real clients, all on loopback, started and stopped by the tests.

machine       a free port, a folder, an unprivileged user, a process that is started and ended
certificates  an authority of our own
dovecot       IMAP server · postfix  submission server · sink  where Postfix delivers · scripted  a server gone wrong
proxy         the program under test: its shells in a thread, or `blockproxy run`
mbsync, swaks, browser, wire   clients; the last one shows every octet of IMAP
mailbox       sixty messages in every shape that clients trip over · compose  MIME by hand · sections  what to expect
"""
