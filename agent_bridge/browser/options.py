"""What a session's browser context is made with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmdop_browser.exceptions import BadRequestError

if TYPE_CHECKING:
    from playwright.async_api import ProxySettings


@dataclass(frozen=True, slots=True)
class ProxyServer:
    """An HTTP or SOCKS proxy; the password never shows in a repr."""

    server: str
    username: str = ""
    password: str = field(default="", repr=False)
    bypass: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """Options of one context; what is None is left to the browser."""

    viewport: tuple[int, int] = (1280, 720)
    locale: str | None = None
    timezone: str | None = None
    user_agent: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: ProxyServer | None = None
    storage_state: bytes = field(default=b"", repr=False)
    block: tuple[str, ...] = ()
    javascript: bool = True
    ignore_https_errors: bool = False

    def as_playwright(self) -> dict[str, Any]:
        """Return the keyword arguments of `Browser.new_context`.

        Raises:
            BadRequestError: The storage state is no JSON.
        """
        width, height = self.viewport
        # A service worker answers requests that nobody sees, and differently on the second visit.
        arguments: dict[str, Any] = {
            "viewport": {"width": width, "height": height},
            "locale": self.locale,
            "timezone_id": self.timezone,
            "user_agent": self.user_agent,
            "extra_http_headers": dict(self.headers) or None,
            "proxy": self._proxy(),
            "storage_state": self._storage_state(),
            "java_script_enabled": self.javascript,
            "ignore_https_errors": self.ignore_https_errors,
            "service_workers": "block",
        }
        return {name: value for name, value in arguments.items() if value is not None}

    def _proxy(self) -> ProxySettings | None:
        if self.proxy is None:
            return None
        settings: ProxySettings = {"server": self.proxy.server}
        if self.proxy.username:
            settings["username"] = self.proxy.username
            settings["password"] = self.proxy.password
        if self.proxy.bypass:
            settings["bypass"] = ",".join(self.proxy.bypass)
        return settings

    def _storage_state(self) -> Any:
        if not self.storage_state:
            return None
        try:
            return json.loads(self.storage_state)
        except ValueError as exc:
            raise BadRequestError("storage_state is not JSON", field="storage_state") from exc
