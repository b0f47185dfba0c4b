"""Every example of every shipped rule file is a test of its own: `rules/` is its own proof."""

from pathlib import Path

import pytest

from blockproxy.detect.checks import Case, cases
from blockproxy.detect.lint import lint
from blockproxy.detect.loading import load_folders
from blockproxy.detect.parameters import Meaning
from blockproxy.detect.rules import built_in_folder
from blockproxy.model import Kind, Trigger

LOADED = load_folders([built_in_folder()])
CASES = [] if LOADED.problems else list(cases(LOADED))


def test_the_shipped_files_load_without_a_problem() -> None:
    assert [str(problem) for problem in LOADED.problems] == []
    assert len(CASES) > 500


def test_the_field_is_covered() -> None:
    redirects = [rule for _, rules in LOADED.vendors.values() for rule in rules if rule.trigger is Trigger.CLICK]
    assert len(LOADED.vendors) >= 400
    assert len({rule.target for rule in redirects if rule.target}) >= 80  # ways to hold an address
    assert {rule.kind for rule in redirects} == set(Kind)
    assert len(LOADED.parameters) >= 100
    assert {known.meaning for family in LOADED.parameters.values() for known in family} == set(Meaning) - {
        Meaning.LISTED
    }


def test_no_shipped_rule_or_parameter_is_useless_hidden_or_too_wide() -> None:
    assert [str(problem) for problem in lint()] == []


@pytest.mark.parametrize("case", CASES, ids=[f"{Path(case.file.name).stem}: {case.text[:100]}" for case in CASES])
def test_a_rule_file_does_what_it_says(case: Case) -> None:
    assert case.problem() is None


@pytest.mark.parametrize(
    "vendor",
    [
        *("mailchimp", "mandrill", "sendgrid", "hubspot", "hubspot-sales", "mailgun", "amazon-ses", "klaviyo", "kit"),
        *("brevo", "postmark", "salesforce-marketing-cloud", "constant-contact", "campaign-monitor", "marketo"),
        *("substack", "beehiiv", "mailtrack", "streak", "yesware", "bananatag", "boomerang", "mixmax", "superhuman"),
        *("readnotify", "leadboxer", "leadgibbon", "docsend", "easypost"),
    ],
)
def test_a_vendor_that_people_ask_for_has_a_file(vendor: str) -> None:
    assert vendor in LOADED.vendors
