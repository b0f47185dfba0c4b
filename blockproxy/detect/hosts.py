"""Whether a host is one that a rule file means."""

from blockproxy.url import registrable_domain

LONGEST_HOST = 253  # characters (RFC 1035, section 2.3.4); longer names have no address and are not remembered
ANY_SUFFIX = ".*"  # `google.*`: the name under every public suffix


def below(domain: str, host: str) -> bool:
    """Whether `host` is `domain` or a name below it, both in lower case.

    `google.*` means google.com, google.co.uk and what is below them, but no `google.example.com`.
    """
    if not domain.endswith(ANY_SUFFIX):
        return host == domain or host.endswith("." + domain)
    registrable = registrable_domain(host)
    name = host[: len(host) - len(registrable)] + registrable.partition(".")[0]
    brand = domain.removesuffix(ANY_SUFFIX)
    return name == brand or name.endswith("." + brand)
