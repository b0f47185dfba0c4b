"""What the tests of detect/ share: references of a snippet of HTML, and a small rule set of made-up vendors."""

from blockproxy.detect.parameters import Meaning, Parameter
from blockproxy.detect.pattern import compile_pattern
from blockproxy.detect.rules import RuleSet
from blockproxy.detect.spared import Reason
from blockproxy.detect.target import compile_pipeline
from blockproxy.detect.vendor import Rule, Vendor
from blockproxy.message.html import tokens
from blockproxy.model import Element, Kind, Technique

MAILER = Vendor("example-mailer", "Example Mailer", "https://mailer.example.net/")
GATEWAY = Vendor("example-gateway", "Example Gateway", "https://gateway.example.net/")


CHECKER = Vendor("example-checker", "Example Checker", "https://checker.example.net/")
PARTNERS = Vendor("example-partners", "Example Partners", "https://partners.example.net/")


def _rule(
    identifier: str,
    technique: Technique,
    match: str,
    target: str = "",
    *,
    invisible: bool = False,
    kind: Kind = Kind.TRACKING,
) -> Rule:
    pipeline = compile_pipeline(target) if target else None
    patterns = (compile_pattern(match),)
    return Rule(identifier, technique, patterns, 0.95, target=pipeline, needs_invisible=invisible, kind=kind)


RULES = RuleSet(
    {
        MAILER: [
            _rule("open", Technique.OPEN_PIXEL, "||mailer.example.net/track/open"),
            _rule("any-host", Technique.OPEN_PIXEL, "/xq/open/*", invisible=True),
            _rule("click", Technique.LINK_REDIRECT, "||click.mailer.example.net/c/", "query:url"),
            _rule("packed", Technique.LINK_REDIRECT, "||click.mailer.example.net/b/", "path:2 | base64url"),
            _rule("sealed", Technique.LINK_REDIRECT, "||click.mailer.example.net/s/"),
        ],
        GATEWAY: [_rule("gate", Technique.LINK_REDIRECT, "||gateway.example.net/?", "query:u")],
        CHECKER: [_rule("check", Technique.LINK_REDIRECT, "||checker.example.net/?", "query:u", kind=Kind.GATEWAY)],
        PARTNERS: [_rule("pay", Technique.LINK_REDIRECT, "||partners.example.net/?", "query:u", kind=Kind.AFFILIATE)],
    },
    [
        Parameter("utm_*", Meaning.CAMPAIGN, "utm", "Example Analytics"),
        Parameter("mail_eid", Meaning.RECIPIENT, "example-mailer", "Example Mailer"),
        Parameter("mail_click", Meaning.CLICK, "example-mailer", "Example Mailer"),
        Parameter("partner", Meaning.AFFILIATE, "partners", "Example Partners"),
    ],
    [
        Reason("unsubscribe", "a way to unsubscribe", words=("unsubscribe",)),
        Reason("ticket", "a ticket", words=("qr", "ticket")),
        Reason("signed", "a signed link", parameters=("signature",)),
        Reason("password", "a new password", words=("reset password",), unwraps=True),
        Reason("trusted", "trusted by the reader", hosts=("trusted.example.org",)),
    ],
)


def elements(html: bytes) -> list[Element]:
    """The start tags of `html`, in order."""
    return [token for token in tokens(html) if isinstance(token, Element)]
