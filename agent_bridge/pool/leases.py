"""How long a client's sessions are kept when the client is not heard of."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmdop_browser.exceptions import PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class _Lease:
    secret: str
    attached: int = 0
    expiry: asyncio.TimerHandle | None = None


class Leases:
    """One lease a client, held by the streams that it keeps open.

    When the last stream of a client ends, its grace time runs; a client that
    comes back within it, with the same secret, keeps its sessions.
    """

    def __init__(self, grace: float, on_expired: Callable[[str], None]) -> None:
        self.grace = grace
        self._on_expired = on_expired
        self._leases: dict[str, _Lease] = {}

    @property
    def attached(self) -> int:
        """How many clients are attached."""
        return sum(1 for lease in self._leases.values() if lease.attached)

    def holds(self, client_id: str) -> bool:
        """Whether the client is attached at this moment."""
        lease = self._leases.get(client_id)
        return lease is not None and lease.attached > 0

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
