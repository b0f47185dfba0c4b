"""The settings file: what is taken, and what a person is told about each mistake."""

from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from pydantic import BaseModel, ValidationError

from blockproxy import config, endpoints, yamlfile
from blockproxy.errors import SettingsError
from blockproxy.model import Action, Kind, Policy, Technique

MINIMAL = "imap: {upstream: {host: imap.example.org, port: 993}}\n"
LOCAL = "upstream: {host: localhost, port: 143, tls: none}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a certificate and keys: `key.pem` belongs to `cert.pem`, `other.pem` does not."""
    authority = trustme.CA()
    first, second = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    first.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    second.private_key_pem.write_to_path(str(tmp_path / "other.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for blob in first.cert_chain_pems:
        blob.write_to_path(str(tmp_path / "cert.pem"), append=True)
    (tmp_path / "text.pem").write_text("no certificate\n")
    (tmp_path / "locked.pem").write_text(LOCKED_KEY)
    return tmp_path


# Made for this test with an empty life; encrypted, so that OpenSSL would ask for a password.
LOCKED_KEY = """\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw
-----END ENCRYPTED PRIVATE KEY-----
"""


def load(folder: Path, text: str | bytes) -> config.Settings:
    path = folder / "blockproxy.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return config.load(path)


def problems(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return [problem.removeprefix(f"{folder / 'blockproxy.yaml'}:") for problem in caught.value.problems]


def test_a_server_is_all_that_must_be_said(folder: Path) -> None:
    settings = load(folder, MINIMAL)
    assert settings.imap is not None
    assert settings.imap.listen == config.Listener(host="127.0.0.1", port=1143, tls="none")
    assert settings.imap.upstream.tls == "implicit"
    assert settings.smtp == ()
    assert settings.eventlog.retention_days == 90


def test_settings_are_frozen(folder: Path) -> None:
    settings = load(folder, MINIMAL)
    with pytest.raises(ValidationError, match="frozen"):
        settings.addresses = ("me@example.org",)


def test_the_policy_becomes_the_cleaners(folder: Path) -> None:
    settings = load(folder, MINIMAL + "policy: {remote: block, threshold: 0.9, open-pixel: report}\n")
    policy = settings.policy.to_policy()
    assert policy == Policy(
        actions={
            Technique.OPEN_PIXEL: Action.REPORT,
            Technique.ADDRESS_LEAK: Action.REMOVE,
            Technique.LINK_REDIRECT: Action.UNWRAP,
            Technique.LINK_DECORATION: Action.STRIP,
            Technique.REMOTE_STYLE: Action.REMOVE,
            Technique.RECEIPT_REQUEST: Action.RENAME,
        },
        remote="block",
        threshold=0.9,
    )
    assert policy.unwrapped == {Kind.TRACKING}
    assert not policy.wants(Technique.OPEN_PIXEL)
    assert policy.wants(Technique.LINK_REDIRECT)


def test_one_section_about_sending_or_a_list_of_them(folder: Path) -> None:
    upstream = "upstream: {host: localhost, port: 25, tls: none}"
    [alone] = load(folder, f"smtp: {{{upstream}}}\n").smtp
    assert (alone.use, alone.listen.port, alone.line_ends) == ("submission", 1587, "refuse")
    both = f"smtp:\n- {{{upstream}}}\n- use: gateway\n  listen: {{port: 10025}}\n  upstream:\n"
    both += (
        "  - {host: localhost, port: 10026, tls: none}\n  - {host: localhost, port: 24, tls: none, protocol: lmtp}\n"
    )
    both += "  gateway: {domains: [Example.ORG], policies: {do: reject}}\n"
    first, second = load(folder, both).smtp
    assert first == alone
    assert [hop.protocol for hop in second.upstream] == ["smtp", "lmtp"]
    assert second.gateway.domains == ("example.org",)
    assert [policy.do for policy in second.gateway.policies] == ["reject"]
    assert second.gateway.clients == ("127.0.0.0/8", "::1/128")


def test_gateways_and_affiliates_are_unwrapped_where_the_settings_ask_for_it(folder: Path) -> None:
    for setting, kind in (("gateways", Kind.GATEWAY), ("affiliates", Kind.AFFILIATE)):
        policy = load(folder, MINIMAL + f"policy: {{{setting}: unwrap}}\n").policy.to_policy()
        assert policy.unwrapped == {Kind.TRACKING, kind}


def test_relative_paths_start_at_the_folder_of_the_file(folder: Path) -> None:
    (folder / "mine").mkdir()
    settings = load(
        folder,
        MINIMAL + "smtp: {listen: {host: 0.0.0.0, port: 4465, tls: implicit, certificate: cert.pem, key: key.pem},"
        " upstream: {host: smtp.example.org, port: 587, tls: starttls, ca_file: ca.pem}}\n"
        "rules: {folders: [mine]}\neventlog: {path: log/events.sqlite3}\n",
    )
    [smtp] = settings.smtp
    assert smtp.listen.key == folder / "key.pem"
    assert smtp.upstream[0].ca_file == folder / "ca.pem"
    assert settings.rules.folders == (folder / "mine",)
    assert settings.eventlog.path == folder / "log" / "events.sqlite3"
    assert smtp.listen.tls_context() is not None
    assert smtp.upstream[0].tls_context() is not None


TLS_LISTENER = "imap:\n  listen: {port: 1993, tls: implicit, certificate: %s, key: %s}\n  " + LOCAL

MISTAKES = yaml.safe_load((Path(__file__).parent / "settings_mistakes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", MISTAKES, ids=[case["mistake"] for case in MISTAKES])
def test_every_mistake_is_told_with_its_line_and_what_is_allowed(folder: Path, case: dict[str, Any]) -> None:
    assert problems(folder, case["file"]) == [line.replace("{folder}", str(folder)) for line in case["told"]]


@pytest.mark.parametrize(
    ("certificate", "key"), [("text.pem", "key.pem"), ("cert.pem", "text.pem"), ("cert.pem", "locked.pem")]
)
def test_files_that_are_no_certificate_and_key_are_named_and_no_password_is_asked(
    folder: Path, certificate: str, key: str
) -> None:
    (problem,) = problems(folder, TLS_LISTENER % (certificate, key))
    assert problem.startswith(f"2: `imap.listen.key`: {folder / key}")
    assert "PEM" in problem


def test_octets_that_are_not_utf_8_are_named_without_a_traceback(folder: Path) -> None:
    (problem,) = problems(folder, b"log: {level: \xff}\n")
    assert problem.startswith("1: this is not YAML: ")


def test_a_missing_file_names_the_places_and_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "places", lambda: [tmp_path / "a.yaml", tmp_path / "b.yaml"])
    with pytest.raises(SettingsError) as caught:
        config.load()
    (problem,) = caught.value.problems
    assert problem.startswith(f"no settings file; looked at {tmp_path}/a.yaml, {tmp_path}/b.yaml. ")
    assert "blockproxy check --example > blockproxy.yaml" in problem


def test_the_first_place_that_has_a_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "places", lambda: [tmp_path / "a.yaml", tmp_path / "b.yaml"])
    (tmp_path / "b.yaml").write_text(MINIMAL)
    assert config.load().imap is not None


def test_a_named_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.yaml: cannot be read: No such file or directory"):
        config.load(tmp_path / "gone.yaml")


def test_the_example_is_a_valid_file_and_the_one_in_the_project(folder: Path) -> None:
    settings = load(folder, config.example())
    assert settings.imap is not None
    assert settings.policy == config.PolicySettings.model_validate({})
    shipped = Path(__file__).parents[1] / "blockproxy.example.yaml"
    assert shipped.read_text(encoding="utf-8") == config.example()


def test_every_setting_is_described(folder: Path) -> None:
    sections: list[type[BaseModel]] = [config.Settings]
    for section in sections:
        for name, field in section.model_fields.items():
            assert field.description, f"{section.__name__}.{name}"
            inner = yamlfile.submodel(field)
            sections += [inner] if inner is not None else []
    assert len(sections) > 10


@pytest.mark.parametrize(("host", "expected"), [
    ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("LOCALHOST", True),
    ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("localhost.example.org", False), ("example.org", False),
])  # fmt: skip
def test_loopback_is_what_cannot_be_reached_from_elsewhere(host: str, expected: bool) -> None:
    assert endpoints.is_loopback(host) is expected
