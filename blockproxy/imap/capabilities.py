"""Which capabilities of the server a client gets to see: an allow-list with a reason on every row.

A capability that would carry content past the machine, or lead the client past the proxy, is hidden in all three
places where servers announce them: the greeting's code, the untagged CAPABILITY, the code of a tagged OK.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

# A name that ends in "=" stands for every value. What stands in neither table is hidden.
OFFERED = {
    "IMAP4": "RFC 1730: the machine speaks its successor",
    "IMAP4REV1": "RFC 3501",
    "ACL": "RFC 4314: rights",
    "APPENDLIMIT": "RFC 7889: a number",
    "APPENDLIMIT=": "RFC 7889: a number",
    "AUTH=CRAM-MD5": "RFC 2195: relayed as it is",
    "AUTH=DIGEST-MD5": "RFC 2831: relayed as it is",
    "AUTH=LOGIN": "relayed as it is",
    "AUTH=OAUTHBEARER": "RFC 7628: relayed as it is",
    "AUTH=PLAIN": "RFC 4616: relayed as it is",
    "AUTH=PLAIN-CLIENTTOKEN": "Gmail: relayed as it is",
    "AUTH=SCRAM-SHA-1": "RFC 5802: relayed as it is",
    "AUTH=SCRAM-SHA-256": "RFC 7677: relayed as it is",
    "AUTH=XOAUTH": "Gmail: relayed as it is",
    "AUTH=XOAUTH2": "Gmail: relayed as it is",
    "BINARY": "RFC 3516: decoded sections are cleaned as such",
    "CATENATE": "RFC 4469: content travels to the server",
    "CHILDREN": "RFC 3348: LIST",
    "CONDSTORE": "RFC 7162: numbers",
    "CONTEXT=": "RFC 5267: numbers",
    "CREATE-SPECIAL-USE": "RFC 6154: LIST",
    "ENABLE": "RFC 5161: what is hidden cannot be enabled",
    "ESEARCH": "RFC 4731: numbers",
    "ESORT": "RFC 5267: numbers",
    "FILTERS": "RFC 5466: numbers",
    "I18NLEVEL=": "RFC 5255: sorting",
    "ID": "RFC 2971: names of programs",
    "IDLE": "RFC 2177: lines, and answers that are judged by what they contain",
    "IMAPSIEVE=": "RFC 6785: scripts that run at the server, and where they are managed",
    "INPROGRESS": "RFC 9585: numbers",
    "LANGUAGE": "RFC 5255: texts of the server",
    "LIST-EXTENDED": "RFC 5258: LIST",
    "LIST-METADATA": "RFC 9590: annotations of mailboxes",
    "LIST-MYRIGHTS": "RFC 8440: LIST",
    "LIST-STATUS": "RFC 5819: LIST",
    "LITERAL+": "RFC 7888: framed as it comes",
    "LITERAL-": "RFC 7888: framed as it comes",
    "MESSAGELIMIT=": "RFC 9738: numbers",
    "METADATA": "RFC 5464: annotations of mailboxes",
    "METADATA-SERVER": "RFC 5464: annotations of the server",
    "MOVE": "RFC 6851: inside the server",
    "MULTIAPPEND": "RFC 3502: content travels to the server",
    "MULTISEARCH": "RFC 7377: numbers",
    "NAMESPACE": "RFC 2342: names",
    "NOTIFY": "RFC 5465: answers nobody asked for are judged by what they contain",
    "OBJECTID": "RFC 8474: identifiers",
    "PARTIAL": "RFC 9394: pages of numbers",
    "PREVIEW": "RFC 8970: 256 characters of plain text, nothing loads",
    "PREVIEW=": "drafts of RFC 8970",
    "QRESYNC": "RFC 7162: numbers",
    "QUOTA": "RFC 9208: numbers, true because no message changes its size",
    "QUOTA=": "RFC 9208",
    "QUOTASET": "RFC 9208",
    "REPLACE": "RFC 8508: content travels to the server",
    "RIGHTS=": "RFC 4314: rights",
    "SASL-IR": "RFC 4959: relayed as it is",
    "SAVEDATE": "RFC 8514: dates",
    "SAVELIMIT=": "RFC 9738: a number",
    "SEARCH=": "RFC 6203: numbers",
    "SEARCHRES": "RFC 5182: numbers",
    "SNIPPET=": "drafts of RFC 8970",
    "SORT": "RFC 5256: numbers",
    "SORT=": "RFC 5957: numbers",
    "SPECIAL-USE": "RFC 6154: LIST",
    "STATUS=SIZE": "RFC 8438: true because no message changes its size",
    "THREAD=": "RFC 5256: numbers",
    "UIDBATCHES": "RFC 10022: numbers",
    "UIDPLUS": "RFC 4315: numbers",
    "UNSELECT": "RFC 3691: no content",
    "UTF8=": "RFC 9755: the machine is 8-bit clean",
    "WITHIN": "RFC 5032: numbers",
    "X-GM-EXT-1": "Gmail: labels and identifiers",
    "XAPPLEPUSHSERVICE": "Apple: identifiers",
    "XLIST": "Gmail: LIST",
}
HIDDEN = {
    "ANNOTATE-EXPERIMENT-1": "RFC 5257: annotations of messages are content that nothing here understands",
    "AUTH=": "RFC 9051: another mechanism, which may be bound to a connection that ends at the proxy",
    "AUTH=ANONYMOUS": "RFC 4505: nobody's mail",
    "AUTH=EXTERNAL": "the client's certificate ends at the proxy",
    "AUTH=GSSAPI": "bound to the name of a host that is not the proxy",
    "AUTH=NTLM": "bound to a connection that ends at the proxy",
    "COMPRESS=": "RFC 4978: would hide the stream from the proxy, which has its own on each leg",
    "CONVERT": "RFC 5259: content in another form than the one that is cleaned",
    "DIGEST=SHA1": "Cyrus: the digest of the original",
    "IMAP4REV2": "RFC 9051: a client must enable it, so that none misses it",
    "JMAPACCESS": "RFC 9698: leads past the proxy",
    "LOGIN-REFERRALS": "RFC 2221: leads past the proxy",
    "LOGINDISABLED": "RFC 3501: said about the other leg; the proxy says it for its own",
    "MAILBOX-REFERRALS": "RFC 2193: leads past the proxy",
    "STARTTLS": "RFC 3501: said about the other leg; the proxy says it for its own",
    "UIDONLY": "RFC 9586: no sequence numbers, another name for FETCH answers",
    "UNAUTHENTICATE": "RFC 8437: a second account on the same connection",
    "URL-PARTIAL": "RFC 5550: part of URLAUTH",
    "URLAUTH": "RFC 4467: URLFETCH returns the original content",
    "URLAUTH=": "RFC 5524: URLFETCH returns the original content",
    "X-REPLICATION": "Cyrus: copies of the original between servers",
}
# Commands of hidden capabilities, and of servers' own, for a client that tries them anyway.
REFUSED = {
    "COMPRESS": HIDDEN["COMPRESS="],
    "CONVERT": HIDDEN["CONVERT"],
    "DUMP": "Cyrus: a whole mailbox in a form of its own",
    "GENURLAUTH": HIDDEN["URLAUTH"],
    "GETANNOTATION": HIDDEN["ANNOTATE-EXPERIMENT-1"],
    "PARTIAL": "RFC 1730: substrings that are cut before they can be cleaned",
    "RESETKEY": HIDDEN["URLAUTH"],
    "UNAUTHENTICATE": HIDDEN["UNAUTHENTICATE"],
    "SYNCGET": HIDDEN["X-REPLICATION"],
    "URLFETCH": HIDDEN["URLAUTH"],
    "XCONVFETCH": "Cyrus: content of several mailboxes in a form of its own",
    "XSNIPPETS": "Cyrus: content in a form of its own",
}


class Verdict(NamedTuple):
    """Whether a capability is passed on, and the RFC and the reason."""

    offered: bool
    reason: str


@lru_cache(maxsize=512)
def verdict(name: str) -> Verdict:
    """Look a capability up, in any case of letters."""
    upper = name.upper()
    if upper.startswith("AUTH=") and upper.endswith("-PLUS"):
        return Verdict(False, "bound to a TLS channel that ends at the proxy")
    family = upper[: upper.find("=") + 1]
    for key in (upper, family):
        if key in HIDDEN:
            return Verdict(False, HIDDEN[key])
        if key in OFFERED:
            return Verdict(True, OFFERED[key])
    return Verdict(False, "not known here")


def only_offered(names: Iterable[bytes], own: Iterable[bytes] = (), *, login: bool = True) -> bytes:
    """The list a client gets: the server's names and order, without the hidden ones, with the proxy's `own` at the end.

    With `login` false no AUTH= is left: the client must start TLS first.
    """
    kept = [name for name in names if verdict(name.decode("latin-1")).offered]
    if not login:
        kept = [name for name in kept if not name.upper().startswith(b"AUTH=")]
    return b" ".join([*kept, *own])
