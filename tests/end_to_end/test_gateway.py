"""Mail servers on both sides: Postfix in front and behind, Dovecot behind, set up as the documentation says."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from blockproxy import clean
from blockproxy.config import Settings
from blockproxy.eventlog.events import Event
from blockproxy.eventlog.query import events
from tests.end_to_end import machine, mailbox, proxy
from tests.end_to_end import postfix as postfix_server
from tests.end_to_end.certificates import Certificates
from tests.end_to_end.dovecot import PASSWORD, Dovecot
from tests.end_to_end.postfix import Postfix
from tests.end_to_end.swaks import Conversation, Sending
from tests.end_to_end.wire import Wire, literals

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "gateway.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
BEFORE_QUEUE, MASTER, AFTER_QUEUE_MAIN, AFTER_QUEUE_MASTER, BEFORE_LMTP, MAIN = (text for _, text in BLOCKS[:6])
TRACKING = mailbox.messages()["html quoted-printable"]
SIGNED = mailbox.messages()["signed pgp"]
TRUSTING = "mynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit_mynetworks, reject\n"
PATIENCE_SECONDS = 10.0


def other_ports(block: str, ports: dict[int, int]) -> str:
    """A block of the documentation with other ports, in one go: one of the new ports may be one of the old."""
    return re.sub(r"\b\d+\b", lambda number: str(ports.get(int(number[0]), number[0])), block)


def settings_of(block: str, ports: dict[int, int]) -> dict[str, Any]:
    return dict(yaml.safe_load(other_ports(block, ports)))


def send(port: int, message: bytes, recipient: str, authority: Path) -> Conversation:
    return Sending(port, authority, mechanism="").send(message, recipient, sender="news@example.com")


@pytest.mark.parametrize("block", [text for kind, text in BLOCKS if kind == "yaml"])
def test_every_block_of_settings_is_good(block: str) -> None:
    assert Settings.model_validate(yaml.safe_load(block)).smtp[0].use in {"gateway", "milter"}


@dataclass
class Filtering:
    """A Postfix whose `port` for the world asks the gateway, whose event log is in `folder`."""

    postfix: Postfix
    port: int
    folder: Path


@pytest.fixture(scope="module")
def filtering(
    certificates: Certificates, dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filtering]:
    """Postfix and the gateway of the documentation's first section, which refuses what tracks one recipient."""
    world, gateway, back = (machine.free_port() for _ in range(3))
    ports = {10025: gateway, 10026: back}
    master = other_ports(MASTER, ports).replace("smtp            inet", f"127.0.0.1:{world} inet", 1)
    settings = settings_of(BEFORE_QUEUE, ports)
    settings["smtp"]["gateway"]["policies"] = [
        {"recipients": ["strict@*"], "do": "reject", "reason": "No spies, please"}
    ]
    folder = tmp_path_factory.mktemp("gateway")
    with (
        proxy.command(settings, folder),
        postfix_server.running(certificates, dovecot, main=TRUSTING, master=master, more=[world, back]) as postfix,
    ):
        yield Filtering(postfix, world, folder)


def test_in_front_of_the_queue_a_tracker_is_gone_when_the_message_arrives(
    filtering: Filtering, certificates: Certificates
) -> None:
    said = send(filtering.port, TRACKING, "anna@example.net", certificates.authority)
    assert said.status == 0, said.text
    received = filtering.postfix.sink.wait_for("anna@example.net")
    assert received.sender == "news@example.com"
    assert b"\r\nX-Blockproxy: blocked=1 open-pixel\r\n" in received.message
    assert received.message.endswith(clean(TRACKING).message)
    assert clean(TRACKING).message != TRACKING


def test_the_gateway_is_not_named_as_the_client_in_postfixs_log(
    filtering: Filtering, certificates: Certificates
) -> None:
    said = send(filtering.port, TRACKING, "logged@example.net", certificates.authority)
    assert said.status == 0, said.text
    filtering.postfix.sink.wait_for("logged@example.net")
    assert re.search(r"proxy-accept: END-OF-MESSAGE: 250 2\.0\.0 Ok: queued as \w+", filtering.postfix.log())
    assert "orig_client=" in filtering.postfix.log()


def test_a_signed_message_arrives_as_it_was_signed(filtering: Filtering, certificates: Certificates) -> None:
    assert send(filtering.port, SIGNED, "signed@example.net", certificates.authority).status == 0
    received = filtering.postfix.sink.wait_for("signed@example.net")
    assert received.message.endswith(SIGNED)
    assert b"\r\nX-Blockproxy: clean\r\n" in received.message


def test_a_refusal_reaches_whoever_sent_it_and_nothing_is_queued(
    filtering: Filtering, certificates: Certificates
) -> None:
    said = send(filtering.port, TRACKING, "strict@example.net", certificates.authority)
    assert said.status != 0
    assert any(line.startswith("550 5.7.1 No spies, please") for line in said.replies()), said.text
    assert send(filtering.port, TRACKING, "after@example.net", certificates.authority).status == 0
    filtering.postfix.sink.wait_for("after@example.net")
    assert filtering.postfix.sink.addressed_to("strict@example.net") == []


def test_the_event_log_knows_what_was_done(filtering: Filtering, certificates: Certificates) -> None:
    assert send(filtering.port, TRACKING, "counted@example.net", certificates.authority).status == 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    found: list[Event] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.2)  # the log writes a batch at a time
        found = [event for event in events(filtering.folder / "events.sqlite3") if event.technique == "open-pixel"]
    assert ("smtp", "in", "remove") in {(event.protocol, event.direction, event.action) for event in found}


def test_when_the_gateway_is_down_the_sender_is_told_to_come_again(
    certificates: Certificates, dovecot: Dovecot
) -> None:
    world, back = machine.free_port(), machine.free_port()
    ports = {10025: machine.free_port(), 10026: back}
    master = other_ports(MASTER, ports).replace("smtp            inet", f"127.0.0.1:{world} inet", 1)
    with postfix_server.running(certificates, dovecot, main=TRUSTING, master=master, more=[world, back]):
        said = send(world, TRACKING, "nobody@example.net", certificates.authority)
    assert said.status != 0
    assert any(line.startswith("451 ") for line in said.replies()), said.text


def test_behind_the_queue_every_recipient_gets_clean_mail_once(
    dovecot: Dovecot, certificates: Certificates, tmp_path: Path
) -> None:
    world, gateway, back = (machine.free_port() for _ in range(3))
    ports = {10025: gateway, 10026: back}
    main = TRUSTING + other_ports(AFTER_QUEUE_MAIN, ports)
    master = f"127.0.0.1:{world} inet n - n - - smtpd\n" + other_ports(AFTER_QUEUE_MASTER, ports)
    with (
        proxy.command(settings_of(BEFORE_QUEUE, ports), tmp_path),
        postfix_server.running(certificates, dovecot, main=main, master=master, more=[world, back]) as postfix,
    ):
        said = send(world, TRACKING, "one@example.net,two@example.net", certificates.authority)
        assert said.status == 0, said.text
        for recipient in ("one@example.net", "two@example.net"):
            assert postfix.sink.wait_for(recipient).message.endswith(clean(TRACKING).message)
        assert len(postfix.sink.received) == 1
        assert "client=unknown[127.0.0.1], orig_client=" in postfix.log()


def test_in_front_of_dovecots_lmtp_a_reader_finds_clean_mail_of_the_same_size(
    dovecot: Dovecot, certificates: Certificates, account: Callable[[], str], tmp_path: Path
) -> None:
    reader, gateway = account(), machine.free_port()
    with proxy.command(settings_of(BEFORE_LMTP, {10024: gateway, 24: dovecot.lmtp_port}), tmp_path):
        said = send(gateway, TRACKING, f"{reader}@example.org", certificates.authority)
        assert said.status == 0, said.text
        assert "Saved" in said.text  # Dovecot's own words
    with Wire(dovecot.port) as wire:
        wire.login(f"{reader}@example.org", PASSWORD)
        [stored] = literals(wire.command(b"a FETCH 1 BODY.PEEK[]")[0])
    assert stored.endswith(clean(TRACKING).message)


def test_postfix_hands_several_recipients_to_dovecot_through_the_gateway(
    dovecot: Dovecot, certificates: Certificates, account: Callable[[], str], tmp_path: Path
) -> None:
    readers, gateway, world = [f"{account()}@example.org" for _ in range(3)], machine.free_port(), machine.free_port()
    main = TRUSTING + "virtual_mailbox_domains = example.org\n" + other_ports(MAIN, {10024: gateway})
    master = f"127.0.0.1:{world} inet n - n - - smtpd\nlmtp unix - - n - - lmtp\n"
    with (
        proxy.command(settings_of(BEFORE_LMTP, {10024: gateway, 24: dovecot.lmtp_port}), tmp_path),
        postfix_server.running(certificates, dovecot, main=main, master=master, more=[world]) as postfix,
    ):
        said = send(world, TRACKING, ",".join(readers), certificates.authority)
        assert said.status == 0, said.text
        deadline = time.monotonic() + PATIENCE_SECONDS
        while postfix.log().count("status=sent") < len(readers) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert postfix.log().count("status=sent") == len(readers), postfix.log()
    for reader in readers:
        with Wire(dovecot.port) as wire:
            wire.login(reader, PASSWORD)
            [stored] = literals(wire.command(b"a FETCH 1 BODY.PEEK[]")[0])
            assert stored.endswith(clean(TRACKING).message)
