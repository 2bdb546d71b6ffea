"""Reading the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cmdop_browser import _methods as methods
from cmdop_browser._convert import replies, requests

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from google.protobuf.message import Message

    from cmdop_browser._async.handle import AsyncHandle
    from cmdop_browser._methods import Method
    from cmdop_browser.models import Element
    from cmdop_browser.wire.v1 import dom_pb2

RequestT = TypeVar("RequestT", bound="Message")


class AsyncDom:
    """Reads of the document as it is at this moment; none of them waits.

    What is not there yet is waited for with the session's `wait_for`.

    Example:
        async with AsyncCMDOPClient.local(start=True) as client:
            async with client.browser.create_session() as session:
                await session.navigate("https://shop.test/")
                await session.wait_for(".product")
                for product in await session.dom.select(".product"):
                    print(product.text)
    """

    def __init__(self, handle: AsyncHandle) -> None:
        self._handle = handle

    async def html(
        self, selector: str | None = None, *, shadow: bool = False, timeout: float | None = None
    ) -> str:
        """The HTML of the document, or the outer HTML of the first match.

        Args:
            selector: Whose HTML; the document's when None.
            shadow: Write out shadow roots, open and closed, as declarative templates.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector matches nothing, or does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("dom.html", timeout)
        request = requests.html(call, selector, shadow=shadow)
        return replies.text(await self._read("dom.html", methods.HTML, request))

    async def text(self, selector: str | None = None, *, timeout: float | None = None) -> str:
        """The text of the document's body, or of the first match, as it is rendered.

        Args:
            selector: Whose text; the body's when None.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector matches nothing, or does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("dom.text", timeout)
        request = requests.read(call, selector, required=False)
        return replies.text(await self._read("dom.text", methods.TEXT, request))

    async def soup(
        self, selector: str | None = None, *, parser: str = "lxml", timeout: float | None = None
    ) -> BeautifulSoup:
        """The document, or the first match, as a BeautifulSoup.

        With a selector only that part travels and is parsed, which is much faster.

        Args:
            selector: Which part; the whole document when None.
            parser: As BeautifulSoup names them: "lxml", "html.parser", ….
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector matches nothing, or does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        from cmdop_browser import _soup  # noqa: PLC0415 -- bs4 comes in when it is used

        _soup.require_parser(parser)
        return _soup.parse(await self.html(selector, timeout=timeout), parser)

    async def select(self, css: str, *, timeout: float | None = None) -> list[Element]:
        """All elements that match, in document order; none is an empty list.

        Args:
            css: A selector; Playwright's other kinds work too.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("dom.select", timeout)
        request = requests.read(call, css)
        return replies.elements(await self._read("dom.select", methods.SELECT, request))

    async def attrs(self, css: str, name: str, *, timeout: float | None = None) -> list[str]:
        """The attribute *name* of each match that has it, in document order.

        Args:
            css: A selector; Playwright's other kinds work too.
            name: Name of the attribute.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("dom.attrs", timeout)
        request = requests.attrs(call, css, name)
        return replies.strings(await self._read("dom.attrs", methods.ATTRS, request))

    async def count(self, css: str, *, timeout: float | None = None) -> int:
        """How many elements match.

        Args:
            css: A selector; Playwright's other kinds work too.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.read(self._handle.begin("dom.count", timeout), css)
        reply = await self._handle.send("dom.count", methods.COUNT, request)
        return reply.count

    async def links(self, *, timeout: float | None = None) -> list[str]:
        """The absolute URLs that the document links to, in document order, each once.

        Args:
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("dom.links", timeout)
        return replies.strings(await self._read("dom.links", methods.LINKS, call))

    async def table(self, selector: str, *, timeout: float | None = None) -> list[dict[str, str]]:
        """The rows of a table, each a dict from the text of the column's header to that of the cell.

        Args:
            selector: The table.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The selector matches no table, or does not parse.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("dom.table", timeout)
        request = requests.read(call, selector)
        return replies.rows(await self._read("dom.table", methods.TABLE, request))

    async def _read(
        self, action: str, method: Method[RequestT, dom_pb2.ContentReply], request: RequestT
    ) -> bytes:
        return await self._handle.read(action, method, request, lambda reply: reply.content)
