"""Whose wish a document was: that of the page that is left, or of one that came instead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Collection

_PORTS = {"http": 80, "https": 443}


def plain(url: str) -> str:
    """Return *url* as requests have it: without fragment, its host in small letters, with a path."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        return url
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return urlunsplit((parts.scheme, host + port, parts.path or "/", parts.query, ""))


def is_wish_of(left: str, url: str, referrer: str | None, own: Collection[str]) -> bool:
    """Whether the page at *left* is what led to *url*, and none of its *own* successors.

    Scripts that reload a page or lead on, and refreshes, send it as the referrer. Where nothing is
    sent, or the old page and a new one send the same, it is taken for the new one's wish: to ask for an
    address a second time may use up what works once.

    Args:
        left: The page that is left.
        url: What was asked for without the caller.
        referrer: Sent with that request; None without one.
        own: What was asked for by the caller, and what that led to.
    """
    if referrer is None:
        return False
    url, referrer = plain(url), plain(referrer)
    if any(_told_by(plain(page), url) == referrer for page in own):
        return False
    return _told_by(plain(left), url) == referrer


def _told_by(page: str, url: str) -> str | None:
    """What *url* is told of the *page* that leads to it, unless that has its own policy of referrers."""
    of, to = urlsplit(page), urlsplit(url)
    if of.scheme not in _PORTS or (of.scheme == "https" and to.scheme == "http"):
        return None
    return page if of[:2] == to[:2] else f"{of.scheme}://{of.netloc}/"
