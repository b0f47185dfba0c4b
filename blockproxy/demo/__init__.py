"""What `blockproxy demo` shows: sixteen newsletters written for it, an embedded mail store, and the proxy in front.

    newsletters   the messages; `picture`, `layout` and `compose` are what they are made with
    store         an IMAP server and an SMTP server inside this process
    screenplay    who says what to whom, and what came of it; `cli.demo` prints that

Brands, people and tokens are invented; the host names and paths of the trackers are those the vendors really use.
Nothing in here is reached over a network: the servers listen on loopback, and no tracker's host is ever looked up.
"""
