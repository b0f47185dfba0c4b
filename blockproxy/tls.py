"""TLS contexts, and certificate files checked in words for a person. RFC 8314: TLS 1.2 at least."""

import ssl
from pathlib import Path


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a listening socket needs. Raises ValueError where the files are not a certificate and its key."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8314, section 4.1
    try:
        # An encrypted key would otherwise ask for its password on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        reason = "does not belong to" if error.reason == "KEY_VALUES_MISMATCH" else "cannot be used with"
        raise ValueError(
            f"{key} {reason} {certificate}; both must be PEM files, the key not encrypted ({error.reason or error})"
        ) from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{key} with {certificate} cannot be loaded: {error}") from error
    return context


def client_context(authority: Path | None = None) -> ssl.SSLContext:
    """What a connection to a server needs, verifying its certificate and name.

    Trusts `authority`, a PEM file, or what the system trusts. Raises ValueError where the file holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=authority)
    except FileNotFoundError:
        raise ValueError(f"there is no file {authority}") from None
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"{authority} holds no certificate in PEM format") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8314, section 4.1
    return context
