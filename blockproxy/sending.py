"""The settings of what sends mail on: submission for mail clients, and the gateway in front of a mail server."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from blockproxy.endpoints import Listener, Section, Upstream
from blockproxy.model import Technique

LOOPBACK = ("127.0.0.0/8", "::1/128")


def address(text: str) -> str:
    """A mail address, or ValueError."""
    local, at, domain = text.strip().rpartition("@")
    if not (local and at and domain):
        raise ValueError(f"{text!r} must be a mail address, such as me@example.org")
    return text.strip()


def one_or_more(value: object) -> object:
    """A mapping may stand alone where a list may stand."""
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(f"{text!r} must be an address or a network, such as 192.0.2.0/24 ({error})") from None


def _domain(text: str) -> str:
    if not text or "@" in text or " " in text:
        raise ValueError(f"{text!r} must be a domain alone, such as example.org")
    return text.lower().rstrip(".")


def _technique(text: str) -> str:
    if text not in set(Technique):
        raise ValueError(f"{text!r} is no technique; allowed: {', '.join(Technique)}")
    return text


def _one_line(text: str) -> str:
    if not text.isascii() or not text.isprintable() or len(text) > 200:
        raise ValueError("must be one line of ASCII, 200 characters at most")
    return text


Networks = tuple[Annotated[str, AfterValidator(_network)], ...]
Line = Annotated[str, AfterValidator(_one_line)]


class NextHopSettings(Upstream):
    """The server that mail goes on to."""

    protocol: Literal["smtp", "lmtp"] = Field(default="smtp", description="What it speaks; `lmtp` at a gateway only.")


class Receipts(Section):
    """Read receipts (MDN, RFC 8098) on their way out."""

    automatic: Literal["hold", "pass"] = Field(
        default="hold",
        description="Receipts that the mail client sends by itself. `hold`: accepted from it, never sent on, logged.",
    )
    manual: Literal["pass", "trim", "hold"] = Field(
        default="pass",
        description="Receipts that you send by a click. `trim`: without the name of your mail program and without the "
        "copy of the message's header, which names your servers.",
    )


class Outgoing(Section):
    """What leaves: with `use: submission`, and at a gateway whose direction is `out`."""

    trackers: Literal["clean", "keep"] = Field(
        default="clean",
        description="Trackers in what you send, as in a newsletter that you quote or forward: `clean` them, so that "
        "nobody is reported through you. `keep` is for senders of newsletters.",
    )
    client: Literal["remove", "keep"] = Field(
        default="remove", description="Header fields that name the mail program: User-Agent, X-Mailer and their kin."
    )
    origin: Literal["remove", "keep"] = Field(
        default="remove",
        description="Header fields that tell where you are: X-Originating-IP and its kin.",
    )
    received: Literal["keep", "hide"] = Field(
        default="keep",
        description="`hide` the names and addresses in Received fields that a message has already: they tell of your "
        "own network, but also of the way of a message that you redirect (RFC 5321 wants them kept).",
    )
    message_id: Literal["keep", "replace"] = Field(
        default="keep",
        alias="message-id",
        description="`replace` the name of your machine in the Message-ID by your address's domain. Your own copy of "
        "the message keeps the old one, so that answers are not shown below it.",
    )
    time_zone: Literal["keep", "utc"] = Field(
        default="keep", alias="time-zone", description="`utc` tells the time without telling where you are."
    )
    automatic_answers: Literal["hold", "pass"] = Field(
        default="hold",
        alias="automatic-answers",
        description="Vacation notes and other automatic answers to machines: bounce addresses, lists, no-reply. "
        "`hold`: accepted, never sent on, logged.",
    )
    calendar_replies: Literal["pass", "hold"] = Field(
        default="pass",
        alias="calendar-replies",
        description="Answers to an invitation (METHOD=REPLY) that go to a machine: they tell that it was read.",
    )


class MailPolicy(Section):
    """What becomes of a message that tracks; without `recipients`, `senders` and `techniques` it is for all mail."""

    recipients: tuple[str, ...] = Field(default=(), description="Envelope recipients, such as '*@example.org'.")
    senders: tuple[str, ...] = Field(default=(), description="Envelope senders, such as '*@news.example.com'.")
    techniques: tuple[Annotated[str, AfterValidator(_technique)], ...] = Field(
        default=(), description="Only if one of these was found and would be blocked; any of them by default."
    )
    do: Literal["clean", "tag", "report", "quarantine", "reject"] = Field(
        description="`clean` it, `tag` it and leave it as it is, `report` it in the event log only, send it to "
        "`quarantine`, or `reject` it."
    )
    reason: Line = Field(default="Message refused: it reports back to its sender", description="For `reject`: why.")
    subject: Line = Field(default="", description="For `tag`: what is put in front of the subject, as '[tracked]'.")
    to: Annotated[str, AfterValidator(address)] | None = Field(
        default=None, description="For `quarantine`: the address that gets the message instead."
    )

    @field_validator("to")
    @classmethod
    def _needed(cls, to: str | None, info: ValidationInfo) -> str | None:
        if to is None and info.data.get("do") == "quarantine":
            raise ValueError("is missing; `do: quarantine` needs the address that gets the message")
        return to


class Gateway(Section):
    """A gateway: who may use it, and what it does with mail; a milter has no use for the first."""

    direction: Literal["in", "out"] = Field(
        default="in", description="Whether the mail comes in, and is cleaned for its recipients, or goes out."
    )
    clients: Networks = Field(default=LOOPBACK, description="Networks whose hosts may send to anybody.")
    domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = Field(
        default=(), description="Domains whose mail every host may bring; without them only `clients` may."
    )
    peers: Networks = Field(default=LOOPBACK, description="Networks whose XFORWARD and XCLIENT are believed.")
    proxy_protocol: bool = Field(
        default=False,
        alias="proxy-protocol",
        description="Every connection comes from a load balancer in `peers` and begins with the PROXY protocol "
        "(version 1 or 2). Not with `tls: implicit`.",
    )
    header: bool = Field(default=False, description="Add a header field X-Blockproxy that says what was done.")
    success_notices: Literal["drop", "pass"] = Field(
        default="drop",
        alias="success-notices",
        description="NOTIFY=SUCCESS, which reports the delivery to the sender. Failures are always reported.",
    )
    policies: Annotated[tuple[MailPolicy, ...], BeforeValidator(one_or_more)] = Field(
        default=(),
        description="What becomes of mail that tracks: the first that fits; cleaned by default. Such as "
        "[{do: reject}], or [{recipients: ['*@example.org'], do: quarantine, to: postmaster@example.org}].",
    )


class Smtp(Section):
    """Sending mail."""

    use: Literal["submission", "gateway", "milter"] = Field(
        default="submission",
        description="`submission`: a mail client is in front, a provider's submission server behind. `gateway`: mail "
        "servers on both sides. `milter`: Postfix or Sendmail asks what is to be done with its mail.",
    )
    listen: Listener = Field(default=Listener(port=1587), description="Where mail is taken.")
    upstream: Annotated[tuple[NextHopSettings, ...], BeforeValidator(one_or_more)] = Field(
        default=(),
        examples=[{"host": "smtp.example.org", "port": 465}],
        description="The server that sends the mail on. At a gateway also a list of them: where one cannot be "
        "reached, the next is taken.",
    )
    line_ends: Literal["refuse", "normalise"] = Field(
        default="refuse",
        alias="line-ends",
        description="A bare CR or LF in a message, by which a second one can be smuggled in: `refuse` the message, or "
        "`normalise` it to CRLF.",
    )
    receipts: Receipts = Field(default=Receipts(), description="Read receipts on their way out.")
    outgoing: Outgoing = Field(
        default=Outgoing(), description="What leaves: with `use: submission`, and with `direction: out`."
    )
    gateway: Gateway = Field(default=Gateway(), description="Who may use a gateway, and what it or a milter does.")

    @field_validator("listen")
    @classmethod
    def _speaks_tls(cls, listen: Listener, info: ValidationInfo) -> Listener:
        if info.data.get("use") == "milter" and listen.tls != "none":
            raise ValueError("has `tls`, which the milter protocol knows nothing of; leave it out and stay on loopback")
        return listen

    @field_validator("upstream")
    @classmethod
    def _fits_the_use(cls, upstream: tuple[NextHopSettings, ...], info: ValidationInfo) -> tuple[NextHopSettings, ...]:
        use = info.data.get("use")
        if use != "milter" and not upstream:
            raise ValueError("is missing; name the server that the mail goes on to")
        if use == "milter" and upstream:
            raise ValueError("has no place with `use: milter`, where the mail goes on by itself")
        if use == "submission":
            if len(upstream) > 1:
                raise ValueError("is a list; with `use: submission` there is one server, which knows the password")
            if upstream[0].protocol == "lmtp":
                raise ValueError("speaks `lmtp`, which knows no login; allowed with `use: gateway` only")
        return upstream

    @field_validator("gateway")
    @classmethod
    def _counts(cls, gateway: Gateway, info: ValidationInfo) -> Gateway:
        if gateway != Gateway() and info.data.get("use") == "submission":
            raise ValueError("counts with `use: gateway` and `use: milter` only")
        listen = info.data.get("listen")
        if gateway.proxy_protocol and listen is not None and listen.tls == "implicit":
            raise ValueError("`proxy-protocol` comes before TLS; take `tls: starttls`")
        return gateway


Listeners = Annotated[tuple[Smtp, ...], BeforeValidator(one_or_more)]
