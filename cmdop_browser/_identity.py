"""Who a client is to the agent, and what it says of itself with each call."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field

from cmdop_browser.wire import channel as wire

Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """A client, over all its connections.

    Attributes:
        client_id: Names the lease.
        secret: Proves on a later connection that the lease is this client's.
    """

    client_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


@dataclass(frozen=True, slots=True)
class CallHeader:
    """What goes with one call.

    Attributes:
        token: Secret of the discovery file.
        idempotency_key: On acts only.
        evidence: What is said of pictures of a failure; see `cmdop_browser.wire.evidence`.
    """

    client_id: str
    token: str = field(repr=False)
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    idempotency_key: str | None = None
    evidence: str | None = None

    def metadata(self) -> Metadata:
        """As gRPC takes it."""
        pairs = [
            (wire.TOKEN_KEY, self.token),
            (wire.REQUEST_ID_KEY, self.request_id),
            (wire.CLIENT_ID_KEY, self.client_id),
        ]
        if self.idempotency_key is not None:
            pairs.append((wire.IDEMPOTENCY_KEY, self.idempotency_key))
        if self.evidence is not None:
            pairs.append((wire.EVIDENCE_KEY, self.evidence))
        return tuple(pairs)
