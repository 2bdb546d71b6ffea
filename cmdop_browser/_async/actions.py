"""What a user does on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmdop_browser import _methods as methods
from cmdop_browser._convert import requests
from cmdop_browser._deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from cmdop_browser._async.handle import AsyncHandle
    from cmdop_browser.models import Modifier, MouseButton


class AsyncActions:
    """Acts on elements of the page; each waits until its element can take it.

    None of them is ever repeated by itself when it may have happened already.
    """

    _handle: AsyncHandle

    async def click(
        self,
        selector: str,
        *,
        button: MouseButton = "left",
        count: int = 1,
        position: tuple[float, float] | None = None,
        modifiers: Iterable[Modifier] = (),
        force: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Click on an element.

        Args:
            selector: The element.
            button: "left", "right" or "middle".
            count: 2 for a double click.
            position: Where, in pixels from the element's top left; its middle when None.
            modifiers: Keys that are held: "Alt", "Control", "ControlOrMeta", "Meta", "Shift".
            force: Do not wait until the element is visible, at rest and uncovered.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It is not there, or cannot be clicked; `cause` says why.
            BrowserTimeoutError: What the click set off took too long.
            BrowserSessionClosedError: The session is gone; `outcome` says whether the click ran.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.click(
            self._handle.begin("click", timeout),
            selector,
            button=button,
            count=count,
            position=position,
            modifiers=modifiers,
            force=force,
        )
        await self._handle.act("click", methods.CLICK, request)

    async def fill(self, selector: str, value: str, *, timeout: float | None = None) -> None:
        """Set the value of a field at once, as by pasting.

        Args:
            selector: The field.
            value: Its new value; "" clears it.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It is not there, or cannot be filled; `cause` says why.
            BrowserSessionClosedError: The session is gone; `outcome` says whether it was filled.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.fill(self._handle.begin("fill", timeout), selector, value)
        await self._handle.act("fill", methods.FILL, request)

    async def type(
        self,
        selector: str,
        text: str,
        *,
        delay: float = 0.0,
        clear: bool = True,
        timeout: float | None = None,
    ) -> None:
        """Type into a field key by key, for pages that listen to keys.

        Args:
            selector: The field.
            text: What is typed.
            delay: Seconds between keys.
            clear: Empty the field first.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It is not there, or takes no text; `cause` says why.
            BrowserSessionClosedError: The session is gone; `outcome` says whether it was typed.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.type_text(
            self._handle.begin("type", timeout), selector, text, delay=delay, clear=clear
        )
        await self._handle.act("type", methods.TYPE, request)

    async def press(self, key: str, *, selector: str | None = None, timeout: float | None = None) -> None:
        """Press a key, or several at once.

        Args:
            key: Such as "Enter", "a", "ArrowDown" or "Control+A".
            selector: The element that gets it; whatever has the focus when None.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: The element is not there, or the key does not exist.
            BrowserSessionClosedError: The session is gone; `outcome` says whether it was pressed.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.press(self._handle.begin("press", timeout), key, selector)
        await self._handle.act("press", methods.PRESS, request)

    async def hover(self, selector: str, *, timeout: float | None = None) -> None:
        """Move the mouse onto an element.

        Args:
            selector: The element.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It is not there, or cannot be reached; `cause` says why.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.hover(self._handle.begin("hover", timeout), selector)
        await self._handle.act("hover", methods.HOVER, request)

    async def check(self, selector: str, *, timeout: float | None = None) -> None:
        """Tick a checkbox or choose a radio button; fine when it is ticked already.

        Args:
            selector: The element.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It is not there, or cannot be ticked; `cause` says why.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.set_checked(self._handle.begin("check", timeout), selector, checked=True)
        await self._handle.act("check", methods.SET_CHECKED, request)

    async def uncheck(self, selector: str, *, timeout: float | None = None) -> None:
        """Untick a checkbox; fine when it is not ticked.

        Args:
            selector: The element.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserElementNotFoundError: It is not there, or cannot be unticked; `cause` says why.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.set_checked(self._handle.begin("uncheck", timeout), selector, checked=False)
        await self._handle.act("uncheck", methods.SET_CHECKED, request)

    async def select_option(
        self,
        selector: str,
        *,
        value: str | Sequence[str] | None = None,
        label: str | Sequence[str] | None = None,
        index: int | Sequence[int] | None = None,
        timeout: float | None = None,
    ) -> list[str]:
        """Choose options of a select element, by exactly one of value, label and index.

        Args:
            selector: The select element.
            value: Values of the options.
            label: Their texts.
            index: Their positions, from 0.
            timeout: Seconds for the whole call; the session's default when None.

        Returns:
            The values of the options that are chosen now.

        Raises:
            BrowserElementNotFoundError: It is not there, or has no such option.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.select_option(
            self._handle.begin("select_option", timeout), selector, value=value, label=label, index=index
        )
        reply = await self._handle.send("select_option", methods.SELECT_OPTION, request)
        self._handle.journal.committed(reply)
        return list(reply.selected)

    async def upload(
        self,
        selector: str,
        files: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        timeout: float | None = None,
    ) -> None:
        """Give files of this machine to a file input.

        Args:
            selector: The file input.
            files: A path, or several for an input that takes several; none clears it.
            timeout: Seconds for the whole call, sending included; the session's default when None.

        Raises:
            FileNotFoundError: There is no such file; nothing was sent.
            BrowserElementNotFoundError: The element is not there, or takes no files.
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("upload", timeout)
        request = requests.upload(call, selector, [])
        deadline = Deadline.after(call.timeout_seconds)
        await self._handle.upload(request, requests.upload_paths(files), deadline)
