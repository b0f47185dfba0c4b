"""What the README promises is there, and what is there is in the README."""

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from blockproxy import cli, config
from blockproxy.message.headers import RECEIPT_FIELDS
from blockproxy.model import Technique

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text()
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text()


def commands() -> list[str]:
    """Every command by its full name, such as `rules test`."""

    def walk(command: object, name: str) -> list[str]:
        children = getattr(command, "commands", None)
        below = [full for child, sub in (children or {}).items() for full in walk(sub, f"{name} {child}")]
        alone = children is None or getattr(command, "invoke_without_command", False)
        return [name] * alone + below

    return [name.strip() for name in walk(typer.main.get_command(cli.app), "")]


def settings_fields() -> list[str]:
    """The dotted names of the fields that the example shows, without those of `listen` and `upstream`."""
    example = yaml.safe_load(config.example())
    return [
        f"{section}.{field}"
        for section in ("policy", "rules", "eventlog", "log")
        for field in (example[section] or {"path": None})
    ]


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`blockproxy {command}`" in README


def test_no_other_command_is_in_the_readme() -> None:
    named = set(re.findall(r"`blockproxy ([a-z]+(?: [a-z]+)?)`", README))
    assert named <= set(commands())


@pytest.mark.parametrize("technique", Technique)
def test_every_technique_is_in_the_table(technique: Technique) -> None:
    assert f"| `{technique.value}` |" in README


@pytest.mark.parametrize("field", settings_fields())
def test_every_setting_is_in_the_readme(field: str) -> None:
    section, name = field.split(".")
    assert field in README or (section == "policy" and f"| `{name}` |" in README)


def test_the_shortest_settings_of_the_readme_are_good_settings(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(imap:.*?)```", README, re.DOTALL)
    assert block
    path = tmp_path / "blockproxy.yaml"
    path.write_text(block[1])
    settings = config.load(path)
    assert settings.imap is not None
    assert settings.imap.listen.port == 1143
    assert settings.addresses == ("me@example.org",)


def test_the_number_of_receipt_fields_is_told_right() -> None:
    assert len(RECEIPT_FIELDS) == 13
    assert "in thirteen spellings" in README


@pytest.mark.parametrize("path", re.findall(r"`((?:blockproxy|rules|tests)/[\w./]*)`", CONTRIBUTING))
def test_every_path_in_contributing_is_there(path: str) -> None:
    assert (PROJECT / path).exists()
