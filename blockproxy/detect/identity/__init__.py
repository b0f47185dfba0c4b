"""The reader's own address inside a URL: plain, encoded, hashed, or two of these on top of one another.

    Identity(["reader@example.org"]).find(url)     # a Leak, or None

`hashes` and `encodings` are tables of what senders do to an address, `forms` computes all of it once for a reader, and
`search` looks for it in URLs.
"""

from blockproxy.detect.identity.search import Identity, Leak

__all__ = ["Identity", "Leak"]
