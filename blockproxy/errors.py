"""The errors of blockproxy, named by whose fault they are.

`SettingsError` and `RuleError`: somebody wrote a file wrongly; the message names file, line and the fix.
`PeerError`: a client or a server broke its protocol; its connection ends, the process does not.
"""

from enum import StrEnum


class Side(StrEnum):
    """The two ends of a proxied connection."""

    CLIENT = "client"
    SERVER = "server"


class InputError(Exception):
    """One or more mistakes in a file that a person wrote; `problems` holds one line of text for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingsError(InputError):
    """The settings file is wrong."""


class RuleError(InputError):
    """A rule file is wrong."""


class PeerError(Exception):
    """One side broke its protocol; `rule` says which, with the RFC's section where there is one."""

    def __init__(self, side: Side, rule: str) -> None:
        super().__init__(f"the {side} broke a rule: {rule}")
        self.side = side
        self.rule = rule
