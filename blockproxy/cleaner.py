"""The pipeline: octets of a message in, as many octets and the findings out.

A message is cut into pieces as it arrives (`message.mime`). Headers lose the names of fields that ask for receipts.
A leaf that can hold references is held until it is complete, decoded, searched, judged and patched; everything else
flows through. What can't be read safely passes unchanged, and `skipped` says why: cleaning never fails.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import pairwise
from types import MappingProxyType

from blockproxy.detect.judge import Judge
from blockproxy.detect.rules import RuleSet, built_in
from blockproxy.leaf import MAX_MESSAGES, LeafCleaner
from blockproxy.message import charset, documents, headers, kinds, otherwise, quiet, transfer
from blockproxy.message.mime import MAX_HEADER, Kind, Piece, Scanner
from blockproxy.message.pending import Pending
from blockproxy.model import (
    Action,
    Cleaned,
    Context,
    Entity,
    Finding,
    Origin,
    Policy,
    Scope,
    Skip,
    Span,
    Technique,
)

MAX_ODD_LINES = 100  # lines of a leaf that only begin like a delimiter; the rest is read as one entity
MAX_FILE = 8 * 1024 * 1024  # octets of a message in a file as transmitted; each takes fourteen of memory
MAX_INSPECTED = 16 * 1024 * 1024  # octets of a leaf as transmitted; the longest newsletter known is below 1 MiB

SKIP_REASONS = MappingProxyType(
    {
        "signed": "signed or encrypted: a change would break the signature",
        "encoding": "the Content-Transfer-Encoding can't be undone and redone safely",
        "charset": "the charset can hide markup",
        "too-large": f"longer than {MAX_INSPECTED} octets, or a message in a file longer than {MAX_FILE}",
        "header-too-large": f"a header of more than {MAX_HEADER} octets",
        "nested-too-deep": "too many entities inside one another",
        "no-boundary": "a multipart entity without a boundary",
        "odd-boundary": "a line that begins like a delimiter: servers and mail programs disagree about what follows",
        "document-too-deep": f"more than {documents.MAX_DEPTH} documents, or {MAX_MESSAGES} files, inside one another",
        "document-too-large": f"a document of more than {documents.MAX_OCTETS} octets inside another",
        "too-many-documents": f"more than {documents.MAX_COUNT} documents inside another",
        "too-many-readings": f"markup that programs may read in more than {otherwise.MAX_READINGS} ways",
        "no-context": "a section whose type the server did not tell",
        "error": "an error of blockproxy's own",
    }
)


def clean(
    message: bytes,
    rules: RuleSet | None = None,
    policy: Policy = Policy(),  # noqa: B008 - a frozen value
    context: Context = Context(),  # noqa: B008
) -> Cleaned:
    """Clean a whole message; `rules` are the shipped ones where none are given. Never raises."""
    if passes(message):
        return Cleaned(message)
    cleaner = Cleaner(rules or built_in(), policy, context)
    head = cleaner.feed(message)
    cleaned = cleaner.close()
    return Cleaned(head + cleaned.message, cleaned.findings, cleaned.skipped, cleaned.origin)


def passes(octets: bytes, start: int = 0, end: int | None = None) -> bool:
    """Whether the whole message in `octets` is sure to pass as it is, whatever the policy, with nothing to report.

    Costs a fraction of what cleaning it costs. No proves nothing. Never raises.
    """
    try:
        return quiet.is_quiet(octets, start, end)
    except Exception:  # noqa: BLE001 - `Cleaner` has its own way with errors
        return False


@lru_cache(maxsize=64)
def _judge(rules: RuleSet, policy: Policy, context: Context) -> Judge:
    return Judge(rules, policy, context)


class Cleaner:
    """Cleans one message, or one section of it, as it arrives. As many octets come out as go in.

    `scope` says what the octets are; with `Scope.BODY` they are the body of `entity`, whose number is `part` ("" for
    the body of the message itself). `depth` counts the messages in files around it. The result is a function of the
    arguments and the octets, however they are cut.
    """

    def __init__(  # noqa: PLR0913 - what is optional has a name
        self,
        rules: RuleSet,
        policy: Policy = Policy(),  # noqa: B008
        context: Context = Context(),  # noqa: B008
        *,
        scope: Scope = Scope.MESSAGE,
        entity: Entity | None = None,
        part: str = "",
        depth: int = 0,
    ) -> None:
        self._rules, self._policy, self._context = rules, policy, context
        self._part = part
        self._depth = depth
        self._findings: list[Finding] = []
        self._skipped: list[Skip] = []
        self._first_header = b""
        self._offset = 0  # octets returned so far
        self._leaf: list[bytes] | None = None  # the inspected leaf, as far as it has come
        self._held = 0
        self._most = MAX_INSPECTED  # octets that are held of it
        self._passing: str | None = None  # the number of a leaf that is not looked into, once that is known
        self._pending = Pending()
        self._header = b""
        self._scanner: Scanner | None = None
        if scope is Scope.MESSAGE:
            self._scanner = Scanner(part=part)
        elif scope is Scope.BODY:
            self._scanner = Scanner(entity or Entity("application/octet-stream"), part)
        self._failed = False

    @property
    def held(self) -> int:
        """Octets that are held until their leaf is complete: how much work `feed` may be about to do."""
        return self._held

    def feed(self, data: bytes) -> bytes:
        """The cleaned octets that are certain after `data` has come."""
        if self._failed:
            self._offset += len(data)
            return data
        self._pending.add(data)
        if self._scanner is None:
            self._header += data
            return b"" if len(self._header) <= MAX_HEADER else self._give_up(Skip(self._part, "header-too-large"))
        return self._guarded(partial(self._scanner.feed, data))

    def close(self) -> Cleaned:
        """The rest of the octets, and what was found."""
        rest = b""
        if not self._failed:
            rest = self._guarded(self._scanner.close if self._scanner else self._only_header)
        return Cleaned(rest, tuple(self._findings), tuple(self._skipped), self._origin())

    def _origin(self) -> Origin:
        """Who sent it. Looked up at the end, and only where somebody will ask: most mail has no finding."""
        if not (self._findings or self._skipped or self._scanner is None):
            return Origin()
        return headers.context(self._first_header).origin

    def _only_header(self) -> list[Piece]:
        return [Piece(Kind.HEADER, self._header, Entity(), self._part, opens_message=True)]

    def _guarded(self, pieces: Callable[[], list[Piece]]) -> bytes:
        """Every cleaned piece, joined; the original octets when our own code fails (design: nothing is lost)."""
        try:
            out = b"".join([octets for piece in pieces() for octets in self._piece(piece)])
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail has to arrive
            return self._give_up(Skip(self._part, "error", type(error).__name__))
        self._pending.drop(len(out))
        return out

    def _give_up(self, skip: Skip) -> bytes:
        """All octets that were not returned yet, as they came; from now on nothing is looked into."""
        self._failed = True
        self._skipped.append(skip)
        unchanged = self._pending.rest()
        start = self._pending.returned
        self._findings = [finding for finding in self._findings if finding.span.end <= start]
        return unchanged

    def _piece(self, piece: Piece) -> Iterator[bytes]:
        match piece.kind:
            case Kind.HEADER:
                octets = self._clean_header(piece)
            case Kind.BODY if self._leaf is not None or self._inspects(piece):
                octets = self._hold(piece)
            case Kind.END:
                octets = self._finish(piece)
            case _:
                octets = piece.octets
        self._offset += len(octets)
        yield octets

    # Headers.

    def _clean_header(self, piece: Piece) -> bytes:
        self._passing = None
        if not piece.opens_message:
            return piece.octets
        if piece.part == "":
            self._first_header = piece.octets
        if piece.entity.protected:
            return piece.octets
        octets = bytearray(piece.octets)
        wanted = self._policy.wants(Technique.RECEIPT_REQUEST)
        for receipt in headers.receipts(piece.octets):
            if wanted:
                octets[receipt.span.start : receipt.span.end] = receipt.renamed
            self._findings.append(
                Finding(
                    Technique.RECEIPT_REQUEST,
                    f"header/{receipt.name.lower()}",
                    "",
                    1.0,
                    receipt.evidence,
                    Action.RENAME if wanted else Action.REPORT,
                    part=piece.part,
                    span=Span(self._offset + receipt.span.start, self._offset + receipt.span.end),
                )
            )
        return bytes(octets)

    # Leaves.

    def _inspects(self, piece: Piece) -> bool:
        """Whether the leaf that begins with `piece` is looked into; if it should be and can't, that is noted."""
        if self._passing == piece.part:
            return False
        reason = piece.note
        kind = kinds.kind_of(piece.entity)
        if not reason and kind is not None:
            if not piece.entity.protected:
                self._leaf = []
                self._most = MAX_FILE if kind is documents.Kind.MESSAGE else MAX_INSPECTED
                return True
            reason = "signed"
        self._passing = piece.part
        if reason:
            self._skipped.append(Skip(piece.part, reason))
        return False

    def _hold(self, piece: Piece) -> bytes:
        leaf = self._leaf
        assert leaf is not None  # noqa: S101 - `_inspects` has just made it
        leaf.append(piece.octets)
        self._held += len(piece.octets)
        if self._held <= self._most:
            return b""
        self._skipped.append(Skip(piece.part, "too-large"))
        self._leaf, self._held, self._passing = None, 0, piece.part
        return b"".join(leaf)

    def _finish(self, piece: Piece) -> bytes:
        leaf, self._leaf, self._held, self._passing = self._leaf, None, 0, None
        if piece.note == "odd-boundary":
            self._skipped.append(Skip(piece.part, piece.note))
        if not leaf:
            return b""
        encoded = b"".join(leaf)
        if piece.odd_lines and self._depth < MAX_MESSAGES:
            encoded = self._clean_odd(encoded, piece)
        try:
            return self._clean_leaf(encoded, piece.entity, piece.part)
        except transfer.UndecodableError as error:
            self._skipped.append(Skip(piece.part, "encoding", str(error)))
        except charset.UnreadableError as error:
            self._skipped.append(Skip(piece.part, "charset", str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail has to arrive
            self._skipped.append(Skip(piece.part, "error", type(error).__name__))
        return encoded

    def _clean_odd(self, encoded: bytes, piece: Piece) -> bytes:
        """The leaf as Dovecot reads it, to which these lines are delimiters: what follows each is an entity.

        RFC 2046, section 5.1.1 has it that way, and most mail programs have not: both readings are cleaned.
        """
        offset, cleaned = self._offset, [encoded[: piece.odd_lines[0]]]
        for start, end in pairwise([*piece.odd_lines[:MAX_ODD_LINES], len(encoded)]):
            begin = encoded.find(b"\n", start, end) + 1 or end
            self._offset = offset + begin
            part = self._nested(encoded[begin:end])
            self._findings += [self._placed(finding, piece.part) for finding in part.findings]
            cleaned += [encoded[start:begin], part.message]
        self._offset = offset
        return b"".join(cleaned)

    def _clean_leaf(self, encoded: bytes, entity: Entity, part: str) -> bytes:
        kind = kinds.kind_of(entity)
        if kind is None or (kind is documents.Kind.TEXT and quiet.is_quiet_text(encoded, entity)):
            return encoded
        cleaned, outcome = self._leaf_cleaner().clean(encoded, entity, kind)
        self._skipped += [Skip(part, reason, detail) for reason, detail in outcome.skipped]
        self._findings += [self._placed(finding, part) for finding in outcome.findings]
        return cleaned

    def _leaf_cleaner(self) -> LeafCleaner:
        judge = _judge(self._rules, self._policy, self._context)
        return LeafCleaner(judge, self._policy, self._file_cleaner())

    def _file_cleaner(self) -> Callable[[bytes], Cleaned] | None:
        return self._nested if self._depth < MAX_MESSAGES else None

    def _placed(self, finding: Finding, part: str) -> Finding:
        """`finding` with its part, and its span in the message as it was transmitted."""
        start, end = finding.span
        return finding.at(Span(self._offset + start, self._offset + end), part)

    def _nested(self, message: bytes) -> Cleaned:
        """A message that is a file of this one, or that some programs find in a leaf."""
        cleaner = Cleaner(self._rules, self._policy, self._context, depth=self._depth + 1)
        head = cleaner.feed(message)
        cleaned = cleaner.close()
        return Cleaned(head + cleaned.message, cleaned.findings, cleaned.skipped)
