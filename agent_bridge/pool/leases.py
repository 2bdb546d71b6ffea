"""How long a client's sessions are kept when the client is not heard of."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agent_bridge.periodic import every
from cmdop_browser.exceptions import PermissionDeniedError
from cmdop_browser.wire.rendezvous import is_halted, process_start_time

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

# Reading the state of a process takes 20 µs. Seen twice, or one that is stopped for a moment would count.
_LOOK_SECONDS: Final = 0.3
_LOOKS: Final = 2
# A client says who it is before it attaches; longer than it may take for that.
_ATTACHES_WITHIN: Final = 60.0


@dataclass
class _Lease:
    secret: str
    attached: int = 0
    expiry: asyncio.TimerHandle | None = None
    halt_seen: int = 0


@dataclass(frozen=True)
class _Process:
    pid: int
    start_time: float
    known_since: float = field(default_factory=time.monotonic)


class Leases:
    """One lease a client, held by the streams that it keeps open.

    When the last stream of a client ends, its grace time runs; a client that
    comes back within it, with the same secret, keeps its sessions.

    Attributes:
        grace: Seconds of that time.
        on_return: Called when a client runs on that stood still.
    """

    def __init__(self, grace: float, on_expired: Callable[[str], None]) -> None:
        self.grace = grace
        self.on_return: Callable[[], None] = lambda: None
        self._on_expired = on_expired
        self._leases: dict[str, _Lease] = {}
        self._processes: dict[str, _Process] = {}

    @property
    def attached(self) -> int:
        """How many clients are attached."""
        return sum(1 for lease in self._leases.values() if lease.attached)

    @property
    def away(self) -> int:
        """How many of these stand still."""
        return sum(map(self.is_away, self._leases))

    def holds(self, client_id: str) -> bool:
        """Whether the client is attached at this moment, and runs."""
        lease = self._leases.get(client_id)
        return lease is not None and lease.attached > 0 and lease.halt_seen < _LOOKS

    def is_away(self, client_id: str) -> bool:
        """Whether the client is attached at this moment, and stands still."""
        lease = self._leases.get(client_id)
        return lease is not None and lease.attached > 0 and lease.halt_seen >= _LOOKS

    def know(self, client_id: str, pid: int) -> None:
        """Note which process a client says that it is."""
        started = process_start_time(pid) if client_id and pid else None
        if started is not None:
            self._processes[client_id] = _Process(pid, started)

    async def watch(self) -> None:
        """Look whether clients stand still, for as long as it is awaited.

        A client that does, by SIGSTOP or Ctrl-Z, breaks no connection. It is away until it
        runs on; its sessions are kept meanwhile, until they have been idle for too long.
        """
        await every(_LOOK_SECONDS, self.look, "the look at clients that may stand still")

    def look(self) -> None:
        """Look once whether clients stand still."""
        for client_id, process in list(self._processes.items()):
            lease = self._leases.get(client_id)
            if lease is None:
                if time.monotonic() - process.known_since > _ATTACHES_WITHIN:
                    del self._processes[client_id]
                continue
            before = lease.halt_seen
            halted = is_halted(process.pid, process.start_time)
            lease.halt_seen = before + 1 if halted else 0
            if lease.halt_seen == _LOOKS:
                log.info("client %s, process %d, is stopped", client_id, process.pid)
            elif before >= _LOOKS and not halted:
                log.info("client %s runs on", client_id)
                self.on_return()

    def attach(self, client_id: str, secret: str) -> None:
        """Take or renew the lease of a client.

        Raises:
            PermissionDeniedError: Another client has the lease of that id.
        """
        lease = self._leases.setdefault(client_id, _Lease(secret))
        if not hmac.compare_digest(lease.secret.encode(), secret.encode()):
            raise PermissionDeniedError("this client id belongs to another client", scope="attach")
        lease.attached += 1
        if lease.expiry is not None:
            lease.expiry.cancel()
            lease.expiry = None

    def detach(self, client_id: str) -> None:
        """Note that a stream of the client ended; the grace time runs after the last."""
        lease = self._leases.get(client_id)
        if lease is None:
            return
        lease.attached -= 1
        if lease.attached <= 0:
            lease.expiry = asyncio.get_running_loop().call_later(self.grace, self._expire, client_id)

    def end(self, client_id: str) -> None:
        """End the lease at once, without calling back."""
        lease = self._leases.pop(client_id, None)
        if lease is not None and lease.expiry is not None:
            lease.expiry.cancel()

    def _expire(self, client_id: str) -> None:
        self._leases.pop(client_id, None)
        self._on_expired(client_id)
