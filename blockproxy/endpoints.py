"""The two ends of a proxied connection, as the settings describe them: where to listen, and the server behind it.

Plaintext is allowed where it cannot leave this machine, and nowhere else.
"""

import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from blockproxy.tls import client_context, server_context

Tls = Literal["none", "starttls", "implicit"]
TLS = (
    "`implicit`: TLS from the first octet (ports 993 and 465). `starttls`: plaintext first, then STARTTLS "
    "(ports 143 and 587). `none`: no encryption, on loopback only."
)


def is_loopback(host: str) -> bool:
    """Whether `host` can only mean this machine: localhost, 127.0.0.0/8 or ::1. Resolves nothing."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        if not host or any(c in ":/@[]" or c.isspace() for c in host):
            raise ValueError(f"{host!r} must be a host name or an IP address alone, such as 127.0.0.1") from None
    return host


def absolute(path: Path, info: ValidationInfo) -> Path:
    """`~` and paths relative to the folder of the settings file, made absolute."""
    folder = info.context if isinstance(info.context, Path) else Path()
    return (folder / path.expanduser()).absolute()


Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Field(ge=0, le=65535)]
File = Annotated[Path, AfterValidator(absolute)]


def _authority(path: Path) -> Path:
    client_context(path)
    return path


CaFile = Annotated[File, AfterValidator(_authority)]


class Section(BaseModel):
    """A mapping in the file: frozen, and a name that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Listener(Section):
    """Where blockproxy waits for the mail client."""

    host: Host = Field(default="127.0.0.1", description="The address to listen on. Anything but loopback needs `tls`.")
    port: Port = Field(description="The TCP port to listen on; 0 takes any free one.")
    tls: Tls = Field(default="none", description=TLS)
    certificate: File | None = Field(
        default=None, description="PEM file with the certificate and its chain, for `tls`."
    )
    key: File | None = Field(default=None, description="PEM file with the certificate's private key, not encrypted.")

    @field_validator("tls")
    @classmethod
    def _plaintext_stays_here(cls, tls: Tls, info: ValidationInfo) -> Tls:
        host = info.data.get("host", "127.0.0.1")
        if tls == "none" and not is_loopback(host):
            raise ValueError(
                f"`none` is allowed on loopback only, and {host} is not (127.0.0.1, ::1, localhost): passwords would "
                "cross the network in plaintext; allowed: starttls, implicit"
            )
        return tls

    @field_validator("certificate", "key")
    @classmethod
    def _there_when_needed(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None and info.data.get("tls", "none") != "none":
            raise ValueError(f"is missing; `tls: {info.data['tls']}` needs the path of a PEM file")
        if path is not None and not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path

    @field_validator("key")
    @classmethod
    def _fits(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        certificate = info.data.get("certificate")
        if certificate is not None and key is not None:
            server_context(certificate, key)
        return key

    def tls_context(self) -> ssl.SSLContext | None:
        """What the listening socket needs to speak TLS; None for `tls: none`."""
        if self.tls == "none" or self.certificate is None or self.key is None:
            return None
        return server_context(self.certificate, self.key)


class Upstream(Section):
    """The mail server behind blockproxy. Its certificate is always verified."""

    host: Host = Field(description="The server's host name, as it stands in its certificate.")
    port: Port = Field(description="The server's TCP port.", ge=1)
    tls: Tls = Field(default="implicit", description=TLS)
    ca_file: CaFile | None = Field(
        default=None, description="PEM file with the authority to trust; the system's by default."
    )

    @field_validator("tls")
    @classmethod
    def _plaintext_stays_here(cls, tls: Tls, info: ValidationInfo) -> Tls:
        host = info.data.get("host", "localhost")
        if tls == "none" and not is_loopback(host):
            raise ValueError(f"`none` is allowed to loopback only, and {host} is not; allowed: starttls, implicit")
        return tls

    def tls_context(self) -> ssl.SSLContext | None:
        """What the connection to the server needs to speak TLS, verifying; None for `tls: none`."""
        return None if self.tls == "none" else client_context(self.ca_file)
