"""TCP and TLS servers beside the application's own, in the same event loop."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

CERTIFICATES = {path.stem: path for path in sorted(Path(__file__).with_name("certs").glob("*.pem"))}


@dataclass(slots=True)
class Ports:
    """The ports that are open; filled when the site starts."""

    http: int = 0
    faults: int = 0
    silent: int = 0
    tls: dict[str, int] = field(default_factory=dict)  # by certificate
    old_tls: int = 0
    proxies: dict[str, int] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def listening(handle: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Let *handle* answer connections to a free port, which is yielded."""
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            # The client may go at any moment; what it does is none of the site's business.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handle(reader, writer)
        finally:
            connections.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        waiting = list(connections)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting)


def certificate(name: str) -> ssl.SSLContext:
    """Return the server's side of TLS with the certificate *name*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES[name])
    return context


def relay_to(port: Callable[[], int]) -> Handler:
    """Return a handler that passes everything on to *port* of this machine as a TLS terminator does."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await pump_both_ways((reader, writer), await asyncio.open_connection("127.0.0.1", port()))

    return relay


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def pump_both_ways(client: Connection, upstream: Connection) -> None:
    """Pass on what either side says until one of them ends."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(client[0], upstream[1]))
            group.create_task(_pump(upstream[0], client[1]))
    finally:
        upstream[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()


async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Read until the client gives up."""
    while await reader.read(1 << 16):
        pass
