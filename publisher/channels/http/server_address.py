"""Server address: where an account's own server is, as a person writes it."""

from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def server_address(written: str, *, path: bool = False) -> str | None:
    """The address as requests are made with it: scheme, host in lower case, port, and `path`.

    Without a scheme it is `https`; `http` is for this machine alone. None if keys must not go
    there, or nothing could: a user, a query, a path where none may be.
    """
    told = written.strip()
    told = told if "://" in told else f"https://{told}"
    try:
        parts = urlsplit(told)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:  # also UnicodeError
        return None
    scheme = parts.scheme.lower()
    is_safe = scheme == "https" or (scheme == "http" and host in _LOOPBACK)
    has_more = parts.query or parts.fragment or parts.username is not None
    if not host or not is_safe or has_more or port == 0:
        return None
    if not path and parts.path not in ("", "/"):
        return None
    shown = f"[{host}]" if ":" in host else host
    at_port = "" if port is None or (scheme, port) == ("https", 443) else f":{port}"
    return f"{scheme}://{shown}{at_port}{parts.path.rstrip('/')}"
