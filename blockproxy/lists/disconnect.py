"""Disconnect's services.json: categories of companies with their domains.

    {"categories": {"Email": [{"Company": {"https://company.example/": ["tracker.example"]}}]}}

Whole company sites are among them, so what people look at stays unless the settings say otherwise.
"""

import json
from collections.abc import Iterator
from typing import Any

from blockproxy.detect.filters import EVERY_RESOURCE
from blockproxy.lists.draft import Draft, ListError, Reason

CATEGORIES = ("Email", "EmailAggressive")  # what is taken where the settings name nothing


def read(draft: Draft, text: str, categories: tuple[str, ...] = CATEGORIES) -> None:
    """Read the domains of `categories`; the number of an entry is its place in the file. Raises ListError."""
    try:
        found = json.loads(text)["categories"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ListError("it is no JSON with `categories`") from None
    if not isinstance(found, dict) or not set(categories) & set(found):
        known = ", ".join(map(str, found)) if isinstance(found, dict) else ""
        raise ListError(f"it has none of the categories {', '.join(categories)}; there are: {known}")
    for number, (category, domain) in enumerate(_domains(found), 1):
        if category not in categories:
            continue
        if isinstance(domain, str):
            draft.host(domain, number, EVERY_RESOURCE)
        else:
            draft.refuse(Reason.NO_ENTRY, number, f"in the category {category}")


def _domains(categories: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Every domain with its category; beside the lists of domains companies have flags, which are no lists."""
    for category, companies in categories.items():
        for company in companies if isinstance(companies, list) else [None]:
            sites = [site for site in company.values() if isinstance(site, dict)] if isinstance(company, dict) else []
            if not sites:
                yield category, None
            for site in sites:
                for domains in site.values():
                    for domain in domains if isinstance(domains, list) else ():
                        yield category, domain
