"""IMAP: a machine without I/O (framing, syntax, capabilities, session), and its shell (proxy)."""
