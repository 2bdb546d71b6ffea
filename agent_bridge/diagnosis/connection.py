"""How far a connection gets: what the browser does not say of one that failed.

Connects as the browser does, by the same proxy, and goes no further than the TLS
handshake: no request is sent, so nothing happens at the server.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from agent_bridge.diagnosis.proxies import Proxy

_PORTS = {"http": 80, "https": 443, "socks5": 1080}
_MAX_HEAD = 4096
_SOCKS_5 = 5
_SOCKS_REFUSALS = {
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live exceeded",
}


class Stage(IntEnum):
    """What was reached; each stands for all before it."""

    NOTHING = 0
    PROXY = 1  # a connection to the proxy
    SERVER = 2  # a connection to the server, through the proxy where there is one
    TLS = 3  # a handshake with it


@dataclass(frozen=True, slots=True)
class Connection:
    """How far a connection got.

    Attributes:
        stage: The last stage that was reached.
        wanted: The stage at which there is nothing left to try.
        problem: What kept it from the next stage, "" when it was just slow.
        status: What the proxy answered to CONNECT, such as "403 Forbidden".
        certificate: The server's certificate, in DER.
        tls_version: Such as "TLSv1.3".
        speaks_no_tls: The server answered the handshake with something else.
    """

    stage: Stage
    wanted: Stage
    problem: str = ""
    status: str = ""
    certificate: bytes = b""
    tls_version: str = ""
    speaks_no_tls: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing stood in the way."""
        return self.stage >= self.wanted


async def connect(url: str, proxy: Proxy | None, seconds: float) -> Connection:
    """Connect to where *url* points, and hang up.

    Args:
        url: http or https.
        proxy: By which to go; never past it.
        seconds: When to give up.
    """
    attempt = _Attempt(url, proxy)
    try:
        async with asyncio.timeout(seconds):
            await attempt.run()
    except TimeoutError:
        pass
    except ssl.SSLError as exc:
        attempt.problem = exc.reason or "TLS failed"
        attempt.speaks_no_tls = exc.reason in _NOT_TLS
    except UnicodeError:
        attempt.problem = "the host name is malformed"
    except (OSError, _NoTunnelError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as exc:
        attempt.problem = _why(exc)
    finally:
        attempt.hang_up()
    return attempt.result()


# What OpenSSL calls an answer in plain text.
_NOT_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
)


class _NoTunnelError(Exception):
    pass


class _Attempt:
    def __init__(self, url: str, proxy: Proxy | None) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS.get(parts.scheme, 80)
        self._tls = parts.scheme == "https"
        self._proxy = proxy
        self._writer: asyncio.StreamWriter | None = None
        self.stage = Stage.NOTHING
        self.problem = self.status = self.tls_version = ""
        self.certificate = b""
        self.speaks_no_tls = False

    async def run(self) -> None:
        if self._proxy is None:
            _, self._writer = await asyncio.open_connection(self._host, self._port)
        elif not await self._through(self._proxy):
            return
        self.stage = Stage.SERVER
        if self._tls and self._writer is not None:
            await self._handshake(self._writer)

    async def _through(self, proxy: Proxy) -> bool:
        parts = urlsplit(proxy.server if "://" in proxy.server else f"http://{proxy.server}")
        port = parts.port or _PORTS.get(parts.scheme, 80)
        context = _trusting_context() if parts.scheme == "https" else None
        reader, self._writer = await asyncio.open_connection(
            parts.hostname, port, ssl=context, limit=_MAX_HEAD
        )
        self.stage = Stage.PROXY
        if parts.scheme == "socks5":
            await self._socks(reader, self._writer)
            return True
        if parts.scheme in {"http", "https"} and self._tls:
            await self._tunnel(proxy, reader, self._writer)
            return True
        return False  # a plain request is the proxy's to pass on; a SOCKS 4 proxy is not spoken to

    async def _tunnel(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = f"[{self._host}]" if ":" in self._host else self._host
        lines = [f"CONNECT {host}:{self._port} HTTP/1.1", f"Host: {host}:{self._port}"]
        if proxy.username:
            credentials = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {credentials}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        protocol, _, status = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        if not protocol.startswith("HTTP/"):
            raise _NoTunnelError("the proxy does not speak HTTP")
        if not status.startswith("2"):
            self.status = status[:100].strip()
            raise _NoTunnelError(f"the proxy answered {self.status}")

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # https://www.rfc-editor.org/rfc/rfc1928; the browser logs in to no SOCKS proxy.
        writer.write(b"\x05\x01\x00")
        version, method = await reader.readexactly(2)
        if version != _SOCKS_5:
            raise _NoTunnelError("it is no SOCKS 5 proxy")
        if method != 0:
            raise _NoTunnelError("it wants credentials, which browsers give to no SOCKS proxy")
        name = self._host.encode("idna")
        writer.write(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + self._port.to_bytes(2, "big"))
        _, code, _, kind = await reader.readexactly(4)
        if code:
            raise _NoTunnelError(f"the proxy refused: {_SOCKS_REFUSALS.get(code, 'general failure')}")
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        await reader.readexactly(length + 2)

    async def _handshake(self, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(_trusting_context(), server_hostname=self._host)
        self.stage = Stage.TLS
        connection = writer.get_extra_info("ssl_object")
        self.certificate = connection.getpeercert(binary_form=True) or b""
        self.tls_version = connection.version() or ""

    def hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    def result(self) -> Connection:
        return Connection(
            self.stage,
            Stage.TLS if self._tls else Stage.SERVER,
            problem=self.problem,
            status=self.status,
            certificate=self.certificate,
            tls_version=self.tls_version,
            speaks_no_tls=self.speaks_no_tls,
        )


def _trusting_context() -> ssl.SSLContext:
    # To look at a certificate, one must not refuse it; nothing is sent.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _why(exc: Exception) -> str:
    if isinstance(exc, asyncio.IncompleteReadError):
        return "the connection was closed"
    if isinstance(exc, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(exc, ConnectionResetError):
        return "the connection was reset"
    if isinstance(exc, OSError):
        return (exc.strerror or "no connection").lower()
    return str(exc)[:200]
