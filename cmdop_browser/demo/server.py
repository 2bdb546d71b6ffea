"""Serve an application on loopback from a thread of this process.

A thread and not a process: whatever happens to the program, also ``kill -9``, nothing can stay behind.
"""

import asyncio
import concurrent.futures
import contextlib
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Self

import uvicorn

from cmdop_browser.demo.site import create_app

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import ASGIApp, Receive, Scope, Send


class AppServer:
    """An ASGI application on a port of its own, as a context manager.

    It answers as soon as the block is entered. Leaving drops requests that are still being
    answered, so a page that is slow on purpose does not hold up the end.
    """

    def __init__(self, app: "ASGIApp", *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Prepare to serve *app*; port 0 takes a free one."""
        self._app = app
        self._address = (host, port)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the application is, without a slash at the end.

        Raises:
            RuntimeError: It is not being served.
        """
        if self._server is None:
            raise RuntimeError("the site is not being served: use it in a with block, or call start()")
        host, port = self._address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Open the port and serve until `stop`.

        Raises:
            OSError: The port is taken, or not ours to take.
            RuntimeError: The application did not start.
        """
        if self._server is not None:
            raise RuntimeError("the site is being served already")
        host = self._address[0]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server(self._address, family=family)
        self._address = (host, listener.getsockname()[1])
        server = _Server(self._app)
        thread = threading.Thread(
            target=server.run_on, args=[listener], name=f"serve {self._address[1]}", daemon=True
        )
        thread.start()
        try:
            server.ready.result()
        except BaseException:
            server.should_exit = True
            thread.join()
            raise
        self._server, self._thread = server, thread

    def stop(self) -> None:
        """Close the port and every connection; without effect when nothing is served."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: "TracebackType | None",
    ) -> None:
        self.stop()


class DemoSite(AppServer):
    """The demo shop, served while the block lasts.

    Example:
        >>> with DemoSite() as site:
        ...     print(site.url)
        http://127.0.0.1:40731
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, latency: float = 0.25) -> None:
        """Prepare the shop.

        Args:
            host: Address to listen on.
            port: Port to listen on; 0 takes a free one.
            latency: Seconds that the shop's JSON takes, and so its pages to fill.
        """
        super().__init__(create_app(latency=latency), host=host, port=port)


class _Server(uvicorn.Server):
    """Uvicorn's server, made to run in a thread and to stop at once."""

    def __init__(self, app: "ASGIApp") -> None:
        # Uvicorn leaves logging alone when it gets no log_config: errors of the application
        # then go wherever the program sends its logs.
        config = uvicorn.Config(
            _quiet_when_cancelled(app), log_config=None, access_log=False, server_header=False, ws="none",
            lifespan="on", timeout_keep_alive=30,
        )  # fmt: skip
        super().__init__(config)
        self.ready: concurrent.futures.Future[None] = concurrent.futures.Future()

    def run_on(self, listener: socket.socket) -> None:
        """Serve on *listener* until `should_exit`; `ready` tells when, or why not."""
        with contextlib.closing(listener):
            try:
                asyncio.run(self.serve(sockets=[listener]))
            except SystemExit:  # how uvicorn says that the application's startup failed; it has logged why
                pass
            finally:
                if not self.ready.done():
                    self.ready.set_exception(RuntimeError("the application did not start"))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell whoever waits."""
        await super().startup(sockets=sockets)
        if not self.should_exit:  # set by some versions when the application's startup failed
            self.ready.set_result(None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in the ordinary way, and drop meanwhile whatever would have to be waited for."""
        for server in self.servers:
            server.close()  # first, as a client whose connection is dropped may come again at once
        dropping = asyncio.create_task(self._drop_all())
        await asyncio.sleep(0)
        try:
            await super().shutdown(sockets=sockets)
        finally:
            dropping.cancel()

    async def _drop_all(self) -> None:
        # More than once: a connection that was accepted a moment ago is not among the known ones yet,
        # and nothing ends one on which no request comes.
        cancelled: weakref.WeakSet[asyncio.Task[None]] = weakref.WeakSet()
        while True:
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)  # lets the connections notice, after which they log no broken answers
            for task in self.server_state.tasks - set(cancelled):
                cancelled.add(task)
                task.cancel()
            await asyncio.sleep(0.02)


def _quiet_when_cancelled(app: "ASGIApp") -> "ASGIApp":
    async def wrapped(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        # Only `shutdown` cancels a request, when its connection is gone already.
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return wrapped
