"""What `blockproxy demo` shows: sixteen newsletters written for it, an embedded mail store, and the proxy in front.

    newsletters   the messages, written in `campaigns`, `bulletins` and `letters` with what `compose`, `layout`,
                  `letterhead` and `picture` offer; `outgoing` has those that the reader sends
    store         an IMAP server and an SMTP server inside this process
    stage         starts them, and the two proxies in front of them
    screenplay    who says what to whom, and what came of it; `cli.demo_screen` shows that, with the help of `tags`

Brands, people and tokens are invented; the host names and paths of the trackers are those the vendors really use.
Nothing in here is reached over a network: the servers listen on loopback, and no tracker's host is ever looked up.
"""
