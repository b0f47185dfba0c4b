"""Why a server cannot be reached, in words for a person: asyncio, sockets and OpenSSL have three ways to say each."""

import errno
import re
import socket
import ssl

_ERRNO = re.compile(r"\[Errno (\d+)\]")  # asyncio has tried several addresses, and puts the numbers in its text

_REASONS = {
    errno.ECONNREFUSED: "it refuses the connection: nothing listens on that port",
    errno.ECONNRESET: "it closed the connection",
    errno.EPIPE: "it closed the connection",
    errno.ECONNABORTED: "it closed the connection",
    errno.ETIMEDOUT: "it does not answer",
    errno.EHOSTUNREACH: "there is no way to it from this machine",
    errno.ENETUNREACH: "there is no way to it from this machine",
    errno.EADDRNOTAVAIL: "there is no way to it from this machine",
}
_NAMES = {
    socket.EAI_NONAME: "there is no host of that name",
    socket.EAI_NODATA: "there is no host of that name",
    socket.EAI_AGAIN: "its name cannot be looked up just now",
}
_NO_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNEXPECTED_EOF_WHILE_READING",
    }
)
_OLD_TLS = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"})


def in_words(error: BaseException) -> str:
    """What `error` says about the server, as a sentence that begins with "it" or "its" wherever it can."""
    if isinstance(error, ssl.SSLError):
        return _tls(error)
    if isinstance(error, socket.gaierror):
        return _NAMES.get(error.errno or 0, f"its name cannot be looked up: {error.strerror}")
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, EOFError):
        return "it closed the connection"
    if isinstance(error, OSError):
        numbers = [error.errno] if error.errno else [int(number) for number in _ERRNO.findall(str(error))]
        known = [_REASONS[number] for number in numbers if number in _REASONS]
        return known[-1] if known else str(error.strerror or error)
    return str(error) or type(error).__name__


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    if error.reason in _NO_TLS or isinstance(error, ssl.SSLEOFError):
        return "it does not speak TLS on that port"
    if error.reason in _OLD_TLS:
        return "its TLS is older than 1.2"
    return f"it breaks off TLS ({(error.reason or 'no reason').replace('_', ' ').lower()})"
