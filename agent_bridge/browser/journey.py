"""One navigation under way: what its main request does, and what the page asks for besides."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.leaving import BLANK
from agent_bridge.browser.page import ManagedPage, guarded
from agent_bridge.browser.referrers import is_wish_of, plain
from agent_bridge.diagnosis import texts
from agent_bridge.diagnosis.navigation_facts import NavigationFacts
from agent_bridge.diagnosis.proxies import Proxy, proxy_for
from agent_bridge.diagnosis.waiting import Pending, PendingRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Frame, Request, Response

    from agent_bridge.browser.navigation import WaitUntil
    from agent_bridge.deadline import Deadline

# Enough to name what hangs; a page that asks for more is told by its first ones.
_REMEMBERED = 500
_MAX_PENDING = 50
# A document that came in this last part of the time was not to be the last one.
_RECENT = 0.25

_PENDING: Final = (files("agent_bridge.browser") / "pending.js").read_text("utf-8")


@dataclass
class Journey:
    """One navigation under way.

    Attributes:
        action: The public name of the call.
        url: What was asked for.
        request: The main request, the last of a chain of redirects.
        response: Its answer.
        committed: Whether a document of this journey took the place of the old one.
        replaced: Whether another navigation took the place of this one.
        held_up: Whether a script of the page before, which was stopped, took more of the time than it left.
        attempt: Counts the attempts at it.
        left: The URL of the page that is left.
        arrived: Set when a document did.
        broke: Set when the main request fails after its answer began.
    """

    page: ManagedPage
    action: str
    url: str
    deadline: Deadline
    waited_for: WaitUntil = "load"
    referer: str | None = None
    request: Request | None = None
    response: Response | None = None
    committed: bool = False
    replaced: bool = False
    held_up: bool = False
    attempt: int = 1
    left: str = field(init=False)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    broke: asyncio.Event = field(default_factory=asyncio.Event)
    _requests: deque[Request] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _failed: set[Request] = field(default_factory=set)
    _answered: set[Request] = field(default_factory=set)
    _begun: int = 0  # main requests, whatever they were redirected to
    _main: set[str] = field(default_factory=set)  # their URLs, and those that they were redirected to
    _documents: int = 0
    _counted: Request | None = None
    _last_document: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.page.url

    def again(self) -> Journey:
        """Return another attempt at the same, of which nothing was seen yet."""
        again = Journey(self.page, self.action, self.url, self.deadline, self.waited_for, self.referer)
        again.held_up, again.attempt = self.held_up, self.attempt + 1
        return again

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Follow the page's requests."""
        listeners = (
            ("request", guarded(self._on_request)),
            ("response", guarded(self._on_response)),
            ("requestfailed", guarded(self._on_failed)),
            ("framenavigated", guarded(self._on_navigated)),
        )
        page: Any = self.page.page  # its overloads want literal names
        for name, listener in listeners:
            page.on(name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                page.remove_listener(name, listener)

    def _on_request(self, request: Request) -> None:
        self._requests.append(request)
        if self.page.is_main_request(request):
            self._begun += request.redirected_from is None
            self._main.add(plain(request.url))
            self.replaced = self.request is not None and request.redirected_from is None
            self.request, self.response = request, None

    def _on_response(self, response: Response) -> None:
        self._answered.add(response.request)
        if self.page.is_main_request(response.request):
            self.response = response

    def _on_failed(self, request: Request) -> None:
        self._failed.add(request)
        # An aborted request is one that another took the place of, or that goto reports itself.
        if request == self.request and request.failure != "net::ERR_ABORTED":
            self.broke.set()

    def _on_navigated(self, frame: Frame) -> None:
        if frame == self.page.page.main_frame and self.request is not None:
            self.committed = True
            self.arrived.set()
            # A document has a request of its own; other commits are pushState and the like.
            if self.response is not None and self.request is not self._counted:
                self._counted = self.request
                self._documents += 1
                self._last_document = time.monotonic()

    # -- what was seen ---------------------------------------------------------

    @property
    def last_url(self) -> str:
        """What was asked for last: redirects may lead elsewhere."""
        return self.request.url if self.request is not None else self.url

    def was_led_astray(self, response: Response) -> bool:
        """Whether the document of *response*, or one under way, is the doing of the page that was left.

        What its scripts ask for while ours is on its way the browser begins afterwards, and shows instead.
        """
        is_ours_alone = self._begun == 1 and self.url != BLANK and self.request == response.request
        if self.request is None or is_ours_alone:
            return False
        chain = {response.url, *redirects_to(response.request)}
        asked = plain(self.url)
        own = {asked} | (chain if plain(_first(response.request).url) == asked else set())
        return any(self._is_wish_of_old(request, own) for request in (response.request, self.request))

    def _is_wish_of_old(self, request: Request, own: set[str]) -> bool:
        first = _first(request)
        url = plain(first.url)
        seen = self._main - {url, plain(self.left)}
        return url != plain(self.url) and is_wish_of(self.left, url, first.headers.get("referer"), own | seen)

    @property
    def stations(self) -> tuple[str, ...]:
        """The URLs that answered with a redirect, in order."""
        return redirects_to(self.request)

    @property
    def proxy(self) -> Proxy | None:
        """The proxy that the main request goes by."""
        return proxy_for(self.last_url, self.page.options.proxy)

    def facts(self, text: str, *, timed_out: bool = False, broke: bool = False) -> NavigationFacts:
        """Return what was seen so far."""
        response, proxy = self.response, self.proxy
        recently = time.monotonic() - self._last_document < self.deadline.total * _RECENT
        return NavigationFacts(
            text,
            url=self.last_url,
            stations=self.stations,
            timed_out=self.deadline.total if timed_out else 0.0,
            waited_for=self.waited_for,
            status=response.status if response is not None else None,
            reason=response.status_text if response is not None else "",
            headers=dict(response.headers) if response is not None else {},
            redirect=self._redirect(),
            committed=self.committed,
            in_body=broke and response is not None,
            replaced=self.replaced,
            documents=self._documents,
            still_replacing=self.page.is_loading or recently,
            blocked=timed_out and self.held_up,
            proxy=texts.shown_url(proxy.server) if proxy is not None else "",
            proxy_credentials=proxy is not None and bool(proxy.username),
        )

    def _redirect(self) -> str | None:
        if self.response is None or not 300 <= self.response.status < 400:
            return None
        return self.response.headers.get("location")

    # -- what it waits for -----------------------------------------------------

    async def pending(self, deadline: Deadline) -> Pending:
        """Return the requests without an end, as the page itself knows them.

        Following every request to its end would cost each successful navigation
        two messages a request; the page has the list anyway.

        Raises:
            Overdue: The page does not answer.
            PageLost: The page went away.
            ScriptFailed: The page has no such list.
            PlaywrightError: The browser refuses.
        """
        seen = await self.page.evaluate(_PENDING, _REMEMBERED, deadline=deadline)
        done = set(seen["done"])
        main = self.page.page.main_frame
        found: list[PendingRequest] = []
        for request in self._requests:
            if request in self._failed or request.redirected_to is not None:
                continue
            if self.page.is_main_request(request):
                is_open = request == self.request and not seen["arrived"]
                kind = "document"
            else:
                # What a frame loads is listed in the frame: there an answer has to do.
                by_page = request.is_navigation_request() or _frame_of(request) == main
                is_open = request.url[:2000] not in done if by_page else request not in self._answered
                kind = _kind_of(request)
            if is_open and not request.url.startswith(("data:", "blob:")):
                found.append(PendingRequest(kind, request.url))
        # The document is open, too, while it waits for a script in the middle of it.
        if any(request.kind == "script" for request in found):
            found = [request for request in found if request.kind != "document"]
        return Pending(tuple(found[:_MAX_PENDING]), parsed=bool(seen["parsed"]))

    def unanswered(self) -> Pending:
        """Return the requests without an answer, for a page that cannot be asked."""
        found = [
            PendingRequest(_kind_of(request), request.url)
            for request in self._requests
            if request not in self._answered
            and request not in self._failed
            and not self.page.is_main_request(request)
        ]
        holds_up = any(request.kind in {"script", "stylesheet"} for request in found)
        return Pending(tuple(found[:_MAX_PENDING]), parsed=not holds_up, known=bool(found))


def _kind_of(request: Request) -> str:
    return "iframe" if request.resource_type == "document" else request.resource_type


def redirects_to(request: Request | None) -> tuple[str, ...]:
    """Return the URLs that led to *request* by redirects, in order."""
    urls: list[str] = []
    request = request.redirected_from if request is not None else None
    while request is not None:
        urls.append(request.url)
        request = request.redirected_from
    return tuple(reversed(urls))


def _first(request: Request) -> Request:
    """The request that was redirected to this one."""
    while request.redirected_from is not None:
        request = request.redirected_from
    return request


def _frame_of(request: Request) -> Frame | None:
    try:
        return request.frame
    except PlaywrightError:  # it is gone
        return None
