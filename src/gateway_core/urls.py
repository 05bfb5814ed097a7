"""The URL that a connection is opened with.

Source:
    Discord documentation, "Gateway", sections "Connecting" and "Preparing to Resume".
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["API_VERSION", "connection_url", "is_downgrade"]

API_VERSION = 10
"""The version of Discord's API that this package speaks."""


def connection_url(base: str, compress: str | None) -> str:
    """Add the query that Discord reads to a gateway URL.

    Path and query of `base` are kept, so that a proxy can use both; ``v``, ``encoding`` and
    ``compress`` in its query are replaced.

    Args:
        base: the gateway URL or a session's resume URL.
        compress: ``"zlib-stream"``, ``"zstd-stream"`` or None for no transport compression.

    Raises:
        ValueError: `base` is not a websocket URL that can be connected to; the message says why.
    """
    try:
        parts = urlsplit(base)
        # Reading the port checks it.
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"not a gateway URL: {base!r} ({error})") from None
    if parts.scheme not in ("ws", "wss"):
        raise ValueError(f"a gateway URL begins with wss:// or ws://, not {base!r}")
    if not parts.hostname or any(blank in base for blank in " \t\r\n"):
        raise ValueError(f"a gateway URL needs a host and no blanks: {base!r}")
    if "@" in parts.netloc:
        # Not shown: what is before the @ may be a password.
        raise ValueError("a gateway URL must not hold a user name or password")
    if parts.fragment:
        raise ValueError(f"a gateway URL has no fragment (#...): {base!r}")
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("v", "encoding", "compress")
    ]
    query += [("v", str(API_VERSION)), ("encoding", "json")]
    if compress is not None:
        query.append(("compress", compress))
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(query), ""))


def is_downgrade(first: str, second: str) -> bool:
    """Say whether going from one URL to another would give up encryption."""
    return urlsplit(first).scheme == "wss" and urlsplit(second).scheme != "wss"
