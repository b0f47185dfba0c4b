"""The servers of the end-to-end tests, for the tests of this folder."""

from tests.end_to_end.conftest import certificates, dovecot, postfix

__all__ = ["certificates", "dovecot", "postfix"]
