"""What the event log knows about one account can be shown and deleted, and no other account is touched."""

from dataclasses import replace
from pathlib import Path

import pytest

from blockproxy.errors import SettingsError
from blockproxy.eventlog.account import forget, pseudonyms, show
from blockproxy.eventlog.query import Filters, events, skips
from tests.eventlog.test_store import CLEANED, DELIVERY, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with one message of each of two accounts."""
    path = tmp_path / "events.sqlite3"
    record(path, CLEANED)
    record(path, CLEANED, delivery=replace(DELIVERY, account="other@example.com"))
    return path


def test_the_pseudonym_finds_the_rows_of_its_account(path: Path) -> None:
    (account,) = pseudonyms(path, "other@example.com")
    assert [event.account for event in events(path, Filters(accounts=(account,)))] == [account]
    assert list(events(path, Filters(accounts=pseudonyms(path, "nobody@example.com")))) == []
    assert show(path, "other@example.com") == {"findings": 1, "skips": 2, "messages": 1}


def test_an_account_is_forgotten_with_every_octet_of_its_pseudonym(path: Path) -> None:
    (account,) = pseudonyms(path, DELIVERY.account)
    assert forget(path, DELIVERY.account) == 4
    assert [event.account for event in events(path)] == [*pseudonyms(path, "other@example.com")]
    assert len(list(skips(path))) == 2
    assert all(account.encode() not in file.read_bytes() for file in path.parent.iterdir())
    assert forget(path, DELIVERY.account) == 0


def test_an_address_is_forgotten_however_it_is_written(path: Path) -> None:
    assert forget(path, "Other@EXAMPLE.com") == forget(path, DELIVERY.account)


def test_nothing_is_made_where_there_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no event log yet"):
        forget(tmp_path / "gone.sqlite3", "me")
    assert list(tmp_path.iterdir()) == []
