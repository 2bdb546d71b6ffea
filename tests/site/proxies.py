"""Proxies: one that works, and what else a scraper's proxy may be."""

import asyncio
from urllib.parse import urlsplit

from tests.site.listeners import Handler, pump_both_ways, say_nothing

PROXIES: dict[str, Handler] = {}


def _answering(status: str, *headers: str, body: bytes = b"") -> Handler:
    """Return a proxy that answers every request itself."""
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}", "connection: close", "", ""]
    answer = "\r\n".join(lines).encode() + body

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handle


async def _working(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on CONNECT, and plain requests with their whole URL."""
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, rest = head.split(b" ", 2)
    if method == b"CONNECT":
        host, _, port = target.decode().rpartition(":")
        upstream = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        parts = urlsplit(target.decode())
        upstream = await asyncio.open_connection(parts.hostname, parts.port or 80)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        upstream[1].write(b" ".join((method, (path or "/").encode(), rest)))
    await pump_both_ways((reader, writer), upstream)


async def _closing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close every connection at once."""


async def _socks_refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak SOCKS 5 and refuse every connection by its rules."""
    await reader.read(1024)
    writer.write(b"\x05\x00")
    await reader.read(1024)
    writer.write(b"\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00")
    await writer.drain()


PROXIES["working"] = _working
PROXIES["closing"] = _closing
PROXIES["silent"] = say_nothing
PROXIES["socks-refusing"] = _socks_refusing
PROXIES["refusing"] = _answering("403 Forbidden by policy", body=b"<h1>Not from here</h1>")
PROXIES["bad-gateway"] = _answering("502 Bad Gateway", body=b"<h1>Nobody there</h1>")
PROXIES["wants-credentials"] = _answering(
    "407 Proxy Authentication Required", 'proxy-authenticate: Basic realm="tests"'
)
