"""Which proxy the browser goes by for a URL."""

from __future__ import annotations

import ipaddress
import urllib.request
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, with what it is to be shown."""

    server: str
    username: str = ""
    password: str = field(default="", repr=False)


class Configured(Protocol):
    """What a session was made with."""

    @property
    def server(self) -> str:
        """Its address."""

    @property
    def username(self) -> str:
        """Empty for none."""

    @property
    def password(self) -> str:
        """Empty for none."""

    @property
    def bypass(self) -> tuple[str, ...]:
        """Hosts that are reached without it."""


def proxy_for(url: str, configured: Configured | None) -> Proxy | None:
    """Return the proxy that a request for *url* goes by.

    Without one of the session's own, Chromium follows the environment as other
    programs do, except that it always reaches this machine directly.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if configured is not None:
        if _bypassed(host, configured.bypass):
            return None
        return Proxy(configured.server, configured.username, configured.password)
    if _is_local(host) or _is_exempt(host):
        return None
    known = urllib.request.getproxies_environment()
    server = known.get(parts.scheme) or known.get("all")
    return _without_credentials(server) if server else None


def _without_credentials(server: str) -> Proxy:
    parts = urlsplit(server if "://" in server else f"http://{server}")
    return Proxy(
        urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", "")),
        parts.username or "",
        parts.password or "",
    )


def _bypassed(host: str, patterns: Sequence[str]) -> bool:
    # https://chromium.googlesource.com/chromium/src/+/HEAD/net/docs/proxy.md#Proxy-bypass-rules
    for pattern in patterns:
        name = pattern.strip().lower().partition("://")[2] or pattern.strip().lower()
        if name == "<local>" and "." not in host and ":" not in host:
            return True
        if fnmatch(host, f"*{name}" if name.startswith(".") else name):
            return True
    return False


def _is_exempt(host: str) -> bool:
    exempt = urllib.request.getproxies_environment().get("no", "")
    names = [name.strip().lstrip("*.").lower() for name in exempt.split(",")]
    return "*" in exempt.split(",") or any(
        host == name or host.endswith(f".{name}") for name in names if name
    )


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
