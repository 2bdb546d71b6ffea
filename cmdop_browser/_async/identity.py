"""Cookies and storage: what a site knows a session by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cmdop_browser import _files as files
from cmdop_browser import _methods as methods
from cmdop_browser._convert import cookies as convert
from cmdop_browser._convert import replies, requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike
    from typing import Any

    from cmdop_browser._async.handle import AsyncHandle
    from cmdop_browser.models import Cookie, StorageState


class AsyncCookieJar:
    """Cookies and storage of the session, which no other session sees."""

    _handle: AsyncHandle

    async def cookies(
        self, url: str | Sequence[str] | None = None, *, timeout: float | None = None
    ) -> list[Cookie]:
        """The session's cookies.

        Args:
            url: Only those that this URL, or these, would be sent; all when None.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = requests.get_cookies(self._handle.begin("cookies", timeout), url)
        return convert.read_cookies(await self._handle.send("cookies", methods.GET_COOKIES, request))

    async def set_cookies(
        self, cookies: Iterable[Cookie | Mapping[str, Any]], *, timeout: float | None = None
    ) -> None:
        """Add cookies; one with the same name and place is replaced.

        Args:
            cookies: Each a `Cookie`, or a mapping with its fields or in Playwright's form.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            BadRequestError: An argument is not what it should be.
        """
        request = convert.set_cookies(self._handle.begin("set_cookies", timeout), cookies)
        await self._handle.act("set_cookies", methods.SET_COOKIES, request)

    async def clear_cookies(self, *, timeout: float | None = None) -> None:
        """Forget all cookies.

        Args:
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            BadRequestError: *timeout* is not what it should be.
        """
        call = self._handle.begin("clear_cookies", timeout)
        await self._handle.act("clear_cookies", methods.CLEAR_COOKIES, call)

    async def storage_state(
        self, path: str | PathLike[str] | None = None, *, timeout: float | None = None
    ) -> StorageState:
        """Cookies and local storage, from which `create_session` makes another session.

        Args:
            path: Also write it to this file as JSON; only the user may read that.
            timeout: Seconds for the whole call; the session's default when None.

        Raises:
            BrowserSessionClosedError: The session is gone.
            FileError: The file cannot be written.
            BadRequestError: An argument is not what it should be.
        """
        call = self._handle.begin("storage_state", timeout)
        target = files.target(path)
        content = await self._handle.read(
            "storage_state", methods.GET_STORAGE_STATE, call, lambda reply: reply.state
        )
        state = replies.storage_state(content)
        if target is not None:
            files.write_file(target, json.dumps(state, indent=2).encode("ascii"), private=True)
        return state
