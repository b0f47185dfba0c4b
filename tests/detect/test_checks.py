"""The proof of the rule files is itself proved: each kind of lie is found."""

from pathlib import Path

import pytest

from blockproxy.detect.checks import check
from blockproxy.detect.fakes import real_looking

VENDOR = """\
id: fake-mailer
name: Fake Mailer
site: https://mailer.example/
evidence: [https://mailer.example/docs/open-tracking]
added: 2026-01-15
rules:
  - id: click
    technique: link-redirect
    match: "||mailer.example/c/"
    target: query:url
    examples:
      catches:
        - url: https://mailer.example/c/7?url=https%3A%2F%2Fshop.example%2F
          becomes: https://shop.example/
      spares: ["https://mailer.example/pricing"]
    misses: ["https://mailer.example/new/7"]
"""


def checked(folder: Path, content: str) -> list[str]:
    (folder / "fake-mailer.yaml").write_text(content)
    return [str(problem).removeprefix(f"{folder}/") for problem in check([folder])]


def test_the_truth_has_no_problems(tmp_path: Path) -> None:
    assert checked(tmp_path, VENDOR) == []


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("/c/7?url=", "/d/7?url="), 13, "is not caught"),
        (
            ("becomes: https://shop.example/", "becomes: https://shop.example/x"),
            13,
            "becomes https://shop.example/, ",
        ),
        (("https://mailer.example/pricing", "https://mailer.example/c/help"), 15, "is caught by fake-mailer/click"),
        (("https://mailer.example/new/7", "https://mailer.example/c/8"), 16, "move it to 'catches'"),
        (("/c/7?url=https%3A%2F%2Fshop.example%2F", "/c/7?url=https%3A%2F%2Fshop.example%2Funsubscribe"), 13, "spared"),
        (("/c/7?", "/c/q8Rt5xLw0Zk3Vb7Nm2Jp6Hd1Gf?"), 13, "could be somebody's"),
        (("match:", "why: it is a test\n    regex: ^/c/(a+a+)+y|7\n    match:"), 10, "needs more than"),
        (("target: query:url", "target: 'regex:(?:a+a+)+y(x)'"), 10, "the target needs more than"),
        (("||mailer.example/c/", "||t.sidekickopen01.com/e1t/c/"), 13, "is not caught"),
    ],
)
def test_a_lie_is_found(tmp_path: Path, change: tuple[str, str], line: int, says: str) -> None:
    assert change[0] in VENDOR
    problems = checked(tmp_path, VENDOR.replace(*change))
    assert [problem for problem in problems if problem.startswith(f"fake-mailer.yaml:{line}: ") and says in problem], (
        problems
    )


def test_two_vendors_cannot_claim_one_address(tmp_path: Path) -> None:
    claim = VENDOR.replace("||mailer.example/c/", "||bl-1.com/h/").replace(
        "https://mailer.example/c/7", "https://bl-1.com/h/7"
    )
    assert any("bananatag/click" in problem for problem in checked(tmp_path, claim))


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/opening-hours-of-the-museum-in-the-town",
        "https://example.com/" + "fake" * 20,
        "https://example.com/00000000-0000-0000-0000-000000000000",
        "https://example.com/aHR0cHM6Ly9leGFtcGxlLmNvbS9hcnRpY2xlP2lkPTQy",
        "https://example.com/EcmVhZGVyQGV4YW1wbGUub3Jn",
        "https://example.com/?a=1234567&b=7654321&c=1",
        "https://example.com/logo@2x.png?day=20260115&at=1700000000&n=1234567890",
        "https://example.com/?u=reader@example.com&v=fake%2540mailer.example&w=cmVhZGVyQGV4YW1wbGUuY29t",
        "https://d1a2b3c4d5e6f7.cloudfront.net/logo.png",
        "https://example.com/Summer2026Sale/emailMd5Lower/1x1_pixel",
        "https://example.com/?u=fake0000000000&v=fake-q8Rt5xLw&w=66616b652d66616b65",
    ],
)
def test_an_obvious_fake_is_one(text: str) -> None:
    assert real_looking(text) is None


@pytest.mark.parametrize(
    "token",
    [
        "q8Rt5xLw0Zk3Vb7Nm2Jp6Hd1Gf",
        "3f2a9c51-7be4-4d08-9a6c-51e2b7d94c03",
        "fake-q8Rt5xLw0Zk3Vb7Nm2Jp6Hd1Gf",
        "eyJ1IjoicThSdDV4THcwWmszVmI3Tm0ySnA2SGQxR2YifQ",
        "?u=erika.mustermann@mail.test.de",
        "?u=erika.mustermann%2540mail.test.de",
        "?u=erika.mustermann%40mail.test.de@example.com",
        "ZXJpa2FAbWFpbC50ZXN0LmRl",  # the same in base64, and in hexadecimal
        "6572696b61406d61696c2e746573742e6465",
        "XZXJpa2FAbWFpbC50ZXN0LmRl",
        "Xk29dLqPz71mNbVtRy84",
        "k9Xw2LpQ7vRt",
        "3f2a9c517be44d089a6c",
        "3f2a9c517be44d089a6c51e2",
        "4815162342",
        "8812341297",
    ],
)
def test_what_could_be_somebodys_is_found(token: str) -> None:
    assert real_looking(f"https://example.com/{token}") is not None


def test_what_stands_in_the_match_is_the_vendors_and_no_token(tmp_path: Path) -> None:
    constant = VENDOR.replace("mailer.example/c/", "mailer.example/c/k9Xw2LpQ7vRt/")
    assert not any("could be somebody's" in problem for problem in checked(tmp_path, constant))
    elsewhere = VENDOR.replace("https://mailer.example/c/7", "https://mailer.example/c/7/k9Xw2LpQ7vRt")
    assert any("'k9Xw2LpQ7vRt' could be somebody's" in problem for problem in checked(tmp_path, elsewhere))
