"""House rules that no linter knows."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
MODULES = sorted((PROJECT / "blockproxy").rglob("*.py"))
MAX_LINES = 320


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_module_opens_with_what_it_is_and_is_not_too_long(module: Path) -> None:
    text = module.read_text()
    assert text.startswith('"""')
    assert len(text.splitlines()) <= MAX_LINES


def test_the_project_speaks_of_itself_alone() -> None:
    forbidden = ("shared/" + "research", "shared/" + "reference", "/wo" + "rk/", "pypi" + ".org")
    files = [path for path in PROJECT.rglob("*") if path.suffix in {".py", ".md", ".yaml", ".toml", ".sql"}]
    ours = [path for path in files if not any(part.startswith(".") for part in path.relative_to(PROJECT).parts)]
    assert not [
        (str(path.relative_to(PROJECT)), word) for path in ours for word in forbidden if word in path.read_text()
    ]
