"""The servers, one of each for each worker of pytest-xdist that needs it."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.end_to_end import dovecot as dovecot_server
from tests.end_to_end import postfix as postfix_server
from tests.end_to_end.certificates import Certificates, issue
from tests.end_to_end.dovecot import Dovecot
from tests.end_to_end.postfix import Postfix


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority of our own, and what it says about localhost."""
    return issue(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """A running Dovecot."""
    with dovecot_server.running(certificates) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(certificates: Certificates, dovecot: Dovecot) -> Iterator[Postfix]:
    """A running Postfix that asks `dovecot` for passwords and gives all mail to its sink."""
    with postfix_server.running(certificates, dovecot) as server:
        yield server


@pytest.fixture(scope="session")
def account() -> Callable[[], str]:
    """A function that makes up a login name nobody has used yet."""
    numbers = itertools.count(1)
    return lambda: f"reader{next(numbers)}"
