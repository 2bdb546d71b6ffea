"""The site as a context manager, with a helper for each kind of address it has."""

import asyncio
import socket
from types import TracebackType
from urllib.parse import quote, urlencode

from cmdop_browser.demo.server import AppServer
from tests.site.app import create_app
from tests.site.faults import FAULTS
from tests.site.listeners import Ports
from tests.site.records import Records


class WebSite(AppServer):
    """The test web site, served from a thread while the block lasts.

    Usable from sync and async tests alike. A whole session may share one: give counters, gates and
    paths names of the test's own.
    """

    def __init__(self) -> None:
        self.records = Records()
        self._ports = Ports()
        self._closed_port = _ClosedPort()
        super().__init__(create_app(self.records, self._ports))

    def at(self, path: str, **query: object) -> str:
        """Return the URL of *path*, which starts with a slash and is quoted where it must be."""
        return self.url + _local(path, query)

    def elsewhere(self, path: str, **query: object) -> str:
        """Return the URL of *path* on another origin, and for Chromium on another site."""
        return self.at(path, **query).replace("127.0.0.1", "localhost", 1)

    def fault(self, name: str) -> str:
        """Return a URL that is answered by the fault *name* of `tests.site.faults`."""
        if name not in FAULTS:
            raise ValueError(f"no fault is called {name!r}: there are {', '.join(sorted(FAULTS))}")
        return f"http://127.0.0.1:{self._ports.faults}/{name}"

    def tls(self, certificate: str, path: str = "/", **query: object) -> str:
        """Return the https URL of *path*, served with one of the certificates in ``tests/site/certs``.

        Others are made by `tests.site.certificates`.
        """
        return f"https://127.0.0.1:{self._ports.tls[certificate]}{_local(path, query)}"

    def proxy(self, name: str) -> str:
        """Return the address of the proxy *name* of `tests.site.proxies`."""
        scheme = "socks5" if name.startswith("socks") else "http"
        return f"{scheme}://127.0.0.1:{self._ports.proxies[name]}"

    @property
    def tls_old(self) -> str:
        """An https URL whose server speaks nothing newer than TLS 1.1."""
        return f"https://127.0.0.1:{self._ports.old_tls}/"

    @property
    def tls_silent(self) -> str:
        """An https URL whose handshake is never answered."""
        return f"https://127.0.0.1:{self._ports.silent}/"

    @property
    def tls_to_plain(self) -> str:
        """An https URL where plain http is spoken."""
        return self.at("/").replace("http://", "https://", 1)

    @property
    def refused(self) -> str:
        """A URL whose port refuses connections for as long as the site is there."""
        return f"http://127.0.0.1:{self._closed_port.number}/"

    def open_gate(self, name: str) -> None:
        """Let ``/gate/<name>`` answer, those who wait there already included."""
        self.records.open_gate(name)

    def start(self) -> None:
        self._closed_port.take()
        try:
            super().start()
        except BaseException:
            self._closed_port.release()
            raise
        self._ports.http = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        super().stop()
        self._closed_port.release()

    async def __aenter__(self) -> "WebSite":
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)


class _ClosedPort:
    """A port that is bound and not listened on: nobody else can open it, so it refuses for certain."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    @property
    def number(self) -> int:
        if self._socket is None:
            raise RuntimeError("the site is not being served")
        port: int = self._socket.getsockname()[1]
        return port

    def take(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))

    def release(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _local(path: str, query: dict[str, object]) -> str:
    if not path.startswith("/"):
        raise ValueError(f"a path of the site starts with a slash: {path!r}")
    return quote(path, safe="/%?&=#:@!$'()*+,;~") + (f"?{urlencode(query)}" if query else "")
