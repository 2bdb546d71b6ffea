"""What the client's calls return: frozen, typed, and fit to be looked at.

A ``repr`` and a notebook's display never hold a cookie's value or a password.
"""

from __future__ import annotations

import html as html_escaping
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypedDict

from cmdop_browser._agent_models import AgentInfo as AgentInfo
from cmdop_browser._agent_models import AgentMemory as AgentMemory
from cmdop_browser._agent_models import BrowserInfo as BrowserInfo
from cmdop_browser._agent_models import Pressure as Pressure
from cmdop_browser._agent_models import StartFailure as StartFailure
from cmdop_browser._agent_models import Trouble as Trouble
from cmdop_browser._display import fields_of, table
from cmdop_browser.exceptions.redact import MASK, is_sensitive_name, redact

if TYPE_CHECKING:
    from os import PathLike

    from bs4 import BeautifulSoup

BlockedKind = Literal["image", "font", "media", "stylesheet", "ads"]
ElementState = Literal["visible", "hidden", "attached", "detached"]
ImageFormat = Literal["png", "jpeg"]
Modifier = Literal["Alt", "Control", "ControlOrMeta", "Meta", "Shift"]
MouseButton = Literal["left", "right", "middle"]
OnCrash = Literal["raise", "restore"]
SameSite = Literal["Strict", "Lax", "None"]
WaitUntil = Literal["load", "domcontentloaded", "networkidle", "commit"]

_HTML_PREVIEW_CHARS: Final = 2_000
# What a server says while it is busy; the same request may succeed later.
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Headers(Mapping[str, str]):
    """Headers of a response: case does not matter, repeated ones are joined by a comma.

    ``get_all`` gives each value of a repeated header, which is the only right way to
    read ``set-cookie``.
    """

    __slots__ = ("_values",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        values: dict[str, tuple[str, ...]] = {}
        for name, value in items:
            values[name.lower()] = (*values.get(name.lower(), ()), value)
        self._values = values

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value of the header *name*, in the order in which they came."""
        return self._values.get(name.lower(), ())

    def __repr__(self) -> str:
        shown = {name: MASK if is_sensitive_name(name) else self[name] for name in self}
        return f"Headers({shown!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class NavigationResult:
    """The document that a navigation brought.

    Attributes:
        url: Where the navigation ended.
        requested_url: What was asked for.
        status: HTTP status, 0 when nothing was fetched (history within one page).
        title: The document's title; empty, too, when the page is too busy to tell it within 5 seconds.
        headers: Of the final response.
        redirects: URLs that answered with a redirect, in order, the final one not included.
        elapsed: Seconds that it took.
    """

    url: str
    requested_url: str
    status: int
    title: str = ""
    headers: Headers = field(default_factory=Headers, repr=False, hash=False)
    redirects: tuple[str, ...] = ()
    elapsed: float = 0.0

    @property
    def ok(self) -> bool:
        """True unless the server answered with an error status (400 and above)."""
        return self.status < 400

    def raise_for_status(self) -> Self:
        """Return this result if the status is fine.

        Raises:
            BrowserNavigationError: The status is 400 or above.
        """
        if self.ok:
            return self
        from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause  # noqa: PLC0415 -- rarely used

        asks_who = self.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
        raise BrowserNavigationError(
            f"{redact(self.url)} answered {_status_line(self.status)}",
            action="raise_for_status",
            url=redact(self.url),
            # The page arrived and was valid HTTP: no cause of a failed navigation fits, save this one.
            cause=NavigationCause.AUTH_REQUIRED if asks_who else None,
            retryable=self.status in _PASSING,
            details={"status": self.status, "title": self.title},
            tips=_after_status(self.status, self.headers),
        )

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.status} {redact(self.url)} {self.title!r} in {self.elapsed:.2f} s>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "URL": redact(self.url),
            "status": self.status,
            "title": self.title,
            "elapsed": f"{self.elapsed:.2f} s",
        }
        if self.redirects:
            rows["redirected from"] = " → ".join(map(redact, self.redirects))
        return table(type(self).__name__, rows)


@dataclass(frozen=True, kw_only=True, repr=False)
class PageResult(NavigationResult):
    """A document with its HTML, as `fetch` returns it.

    Attributes:
        html: The whole document, or the first match of the selector that was given.
    """

    html: str

    def soup(self, *, parser: str = "lxml") -> BeautifulSoup:
        """The HTML, parsed.

        Raises:
            BadRequestError: There is no parser of that name.
        """
        from cmdop_browser._soup import parse  # noqa: PLC0415 -- bs4 comes in when it is used

        return parse(self.html, parser)


class Image(bytes):
    """A picture: its bytes, which know their format and show themselves in a notebook.

    Attributes:
        format: "png" or "jpeg".
    """

    format: ImageFormat

    def __new__(cls, content: bytes, format: ImageFormat = "png") -> Self:
        """Wrap *content*, which is not looked at."""
        image = super().__new__(cls, content)
        image.format = format
        return image

    def __repr__(self) -> str:
        return f"<Image {self.format}, {len(self):,} bytes>"

    __str__ = __repr__  # str() of bytes would be all of them

    def _repr_png_(self) -> bytes | None:
        return bytes(self) if self.format == "png" else None

    def _repr_jpeg_(self) -> bytes | None:
        return bytes(self) if self.format == "jpeg" else None


@dataclass(frozen=True, slots=True)
class Element:
    """An element as it was when it was read.

    Attributes:
        tag: Name in lower case.
        text: Its text as the page renders it.
        html: Its outer HTML.
        attrs: Attributes by name.
    """

    tag: str
    text: str
    html: str = field(repr=False)
    attrs: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __getitem__(self, name: str) -> str:
        """The attribute *name*; KeyError when the element lacks it."""
        return self.attrs[name]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The attribute *name*, or *default* when the element lacks it."""
        return self.attrs.get(name, default)

    def _repr_html_(self) -> str:
        # As source, not as markup: what a web site sends must not run in a notebook.
        return f"<pre><code>{html_escaping.escape(_shorten(self.html))}</code></pre>"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie.

    For setting one give `url`, or `domain` (and `path`).

    Attributes:
        expires: Seconds since the epoch; None for a cookie that ends with the session.
        same_site: "Strict", "Lax" or "None"; None for the browser's default.
    """

    name: str
    value: str = field(repr=False)
    domain: str | None = None
    path: str | None = None
    url: str | None = None
    expires: float | None = None
    http_only: bool = False
    secure: bool = False
    same_site: SameSite | None = None


class StorageState(dict[str, Any]):
    """Cookies and local storage of a session, in the form of Playwright's storage state.

    A plain dict for all purposes, save that its ``repr`` tells counts only: what is in
    it logs in.
    """

    def __repr__(self) -> str:
        counts = ", ".join(f"{key}={len(self.get(key, ()))}" for key in ("cookies", "origins"))
        return f"<StorageState {counts}>"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy for a session.

    Attributes:
        server: Such as "http://proxy.test:3128" or "socks5://proxy.test:1080".
        bypass: Hosts that are reached directly.
    """

    server: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bypass: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionInfo:
    """What the agent knows of a session.

    Attributes:
        epoch: Rises when the agent rebuilds the session.
        client_id: The client that holds it; None while that client is away.
        age: Seconds since it was made.
        idle: Seconds since its last call.
        idle_timeout: Seconds without a call after which it is closed.
        timeout: Seconds that its calls may take by default.
        pages: Documents loaded so far.
        not_restored: What rebuilds could not bring back since `info()` has told of the last one.
    """

    id: str
    name: str
    epoch: int
    url: str
    title: str
    client_id: str | None
    age: float
    idle: float
    idle_timeout: float
    timeout: float
    pages: int
    on_crash: OnCrash
    not_restored: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return table(f"session {self.name or self.id}", fields_of(self))


class SessionOptions(TypedDict, total=False):
    """Options of `create_session` that other calls take too, for type checkers."""

    name: str | None
    viewport: tuple[int, int]
    locale: str | None
    timezone: str | None
    user_agent: str | None
    headers: Mapping[str, str] | None
    proxy: Proxy | str | Mapping[str, Any] | None
    storage_state: Mapping[str, Any] | str | PathLike[str] | None
    block: Iterable[BlockedKind]
    javascript: bool
    ignore_https_errors: bool
    on_crash: OnCrash
    idle_timeout: float


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def _after_status(status: int, headers: Headers) -> tuple[str, ...]:
    if status in _PASSING:
        after = headers.get("retry-after", "")
        return (f"try again after {after} s",) if after.isdigit() else ("try again later",)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return ("check the address",)
    return ()


def _shorten(text: str) -> str:
    if len(text) <= _HTML_PREVIEW_CHARS:
        return text
    return f"{text[:_HTML_PREVIEW_CHARS]}… ({len(text):,} characters)"
