"""Who is calling, and what for: the metadata of the call that this task serves."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmdop_browser.wire import channel, spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Call:
    """The metadata of one call.

    Attributes:
        method: Full name of the RPC.
        request_id: Made by the client; names the call in errors and logs.
        client_id: Whose lease the call runs under.
        idempotency_key: Set on acts; the same key is never executed twice.
        token: What the caller proves its right with.
        evidence: What it says of pictures of failures; see `cmdop_browser.wire.evidence`.
        carrier: Metadata in which the caller may name its span; None where no spans are recorded.
    """

    method: str = ""
    request_id: str = ""
    client_id: str = ""
    idempotency_key: str = ""
    token: str = field(default="", repr=False)
    evidence: str = ""
    carrier: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def read(cls, method: str, metadata: Iterable[tuple[str, str | bytes]] | None) -> Call:
        """Return the call that gRPC's metadata describes."""
        found = {key: value for key, value in metadata or () if isinstance(value, str)}
        return cls(
            method,
            request_id=found.get(channel.REQUEST_ID_KEY, ""),
            client_id=found.get(channel.CLIENT_ID_KEY, ""),
            idempotency_key=found.get(channel.IDEMPOTENCY_KEY, ""),
            token=found.get(channel.TOKEN_KEY, ""),
            evidence=found.get(channel.EVIDENCE_KEY, ""),
            carrier=spans.carrier_of(found.items()),
        )


current_call: ContextVar[Call] = ContextVar("current_call", default=Call())  # noqa: B039 -- it is frozen
