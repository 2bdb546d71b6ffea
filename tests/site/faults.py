"""Answers that are no HTTP, or break off: written by hand on a plain TCP server.

The first part of the path names the fault, ``/reset`` for instance.
"""

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from itertools import count

from tests.site.html import document
from tests.site.listeners import say_nothing

Fault = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

FAULTS: dict[str, Fault] = {}

_PAGE = document(
    "Half", '<p id="first">first</p>' + "<p>filling</p>" * 2000 + '<p id="last">last</p>'
).encode()
_HALF = _PAGE[: len(_PAGE) // 2]
_DRIP_SECONDS = 0.05


async def answer_with_fault(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read one request and answer it as its path says."""
    head = await reader.readuntil(b"\r\n\r\n")
    path = head.split(b" ", 2)[1].decode("latin-1")
    name = path.partition("?")[0].strip("/").partition("/")[0]
    fault = FAULTS.get(name)
    if fault is None:
        writer.write(_head("404 Not Found", "content-length: 0"))
        return
    await fault(reader, writer)


def _fault(function: Fault) -> Fault:
    FAULTS[function.__name__.lstrip("_").replace("_", "-")] = function
    return function


def _bytes(name: str, content: bytes) -> None:
    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    FAULTS[name] = send


def _head(status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "content-type: text/html; charset=utf-8", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def _length(content: bytes) -> str:
    return f"content-length: {len(content)}"


def _reset_now(writer: asyncio.StreamWriter) -> None:
    # Closing with a linger time of zero sends RST instead of FIN.
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _send_then_reset(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    await writer.drain()
    await asyncio.sleep(0.05)  # a reset drops what the other side has not read yet
    _reset_now(writer)


@_fault
async def _empty(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""


@_fault
async def _reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    _reset_now(writer)


@_fault
async def _reset_in_head(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _send_then_reset(writer, b"HTTP/1.1 200 OK\r\ncontent-type: text/h")


@_fault
async def _reset_in_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _send_then_reset(writer, _head("200 OK", _length(_PAGE)) + _HALF)


@_fault
async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await say_nothing(reader, writer)


@_fault
async def _silent_in_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_head("200 OK", _length(_PAGE)) + _HALF)
    await say_nothing(reader, writer)


@_fault
async def _drip_head(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send headers one by one, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in count():
        writer.write(b"x-drip-%d: drop\r\n" % number)
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


@_fault
async def _drip_body(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body drop by drop, for ever."""
    writer.write(_head() + b"<!doctype html><title>Dripping</title><p id=first>first</p>")
    for number in count():
        writer.write(b"<i>%d</i>" % number)
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


_bytes("short-body", _head("200 OK", _length(_PAGE)) + _HALF)
_bytes("short-head", b"HTTP/1.1 200 OK\r\ncontent-type: text/h")
_bytes("garbage", bytes(range(256)) * 4)
_bytes("old-http", _PAGE)
_bytes("continue-only", b"HTTP/1.1 100 Continue\r\n\r\n")
_bytes(
    "early-hints",
    b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n" + _head("200 OK", _length(_PAGE)) + _PAGE,
)
_bytes("http-1.0", b"HTTP/1.0 200 OK\r\ncontent-type: text/html\r\n\r\n" + _PAGE)
_bytes("two-lengths", _head("200 OK", "content-length: 10", "content-length: 20") + b"0123456789")
_bytes(
    "huge-head", _head("200 OK", *(f"x-filler-{n}: {'x' * 1000}" for n in range(310)), "content-length: 0")
)
_bytes("bad-chunk", _head("200 OK", "transfer-encoding: chunked") + b"5\r\n<p>1\r\nnonsense\r\n")
_bytes("short-chunk", _head("200 OK", "transfer-encoding: chunked") + b"%x\r\n%s\r\n" % (len(_HALF), _HALF))
_bytes("bad-gzip", _head("200 OK", "content-encoding: gzip", "content-length: 9") + b"not gzip!")
_bytes("bad-brotli", _head("200 OK", "content-encoding: br", "content-length: 9") + b"\xffnot br!!")
_SHORT_GZIP = gzip.compress(_PAGE + bytes(range(256)) * 40)[:300]
_bytes("short-gzip", _head("200 OK", "content-encoding: gzip", _length(_SHORT_GZIP)) + _SHORT_GZIP)
_LONG_GZIP = gzip.compress(_PAGE)
_bytes(
    "broken-gzip",
    _head("200 OK", "content-encoding: gzip", _length(_LONG_GZIP)) + _LONG_GZIP[: len(_LONG_GZIP) // 2],
)
_bytes("bad-location", _head("302 Found", "location: http://[", "content-length: 0"))
_bytes("status-999", _head("999 Odd", _length(_PAGE)) + _PAGE)
_bytes("status-407", _head("407 Proxy Authentication Required", "content-length: 0"))
_bytes("page-407", _head("407 Proxy Authentication Required", _length(_PAGE)) + _PAGE)
_bytes("status-401", _head("401 Unauthorized", 'www-authenticate: Basic realm="tests"', "content-length: 0"))
_bytes("wrong-length", _head("200 OK", "content-length: lots") + _PAGE)
