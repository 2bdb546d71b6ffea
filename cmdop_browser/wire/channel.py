"""Numbers and names that both ends of the wire must agree on."""

from __future__ import annotations

from typing import Final

PROTOCOL_MIN: Final = 1
PROTOCOL_MAX: Final = 1

# gRPC metadata keys.
TOKEN_KEY: Final = "cmdop-token"  # noqa: S105 -- the name of the header, not a secret
REQUEST_ID_KEY: Final = "cmdop-request-id"
CLIENT_ID_KEY: Final = "cmdop-client-id"
IDEMPOTENCY_KEY: Final = "cmdop-idempotency-key"
EVIDENCE_KEY: Final = "cmdop-evidence"

# In the details of an `AgentOfflineError`: the call did not run because the agent drains,
# and another of its name may take it.
DRAINING: Final = "draining"

KIB: Final = 1024
MIB: Final = 1024 * KIB

# A message may be this large in either direction (gRPC's default is 4 MiB).
MAX_MESSAGE_BYTES: Final = 16 * MIB
# Payloads up to this size travel inside the reply. Well below the message limit,
# because one large message holds up every other call on the connection.
INLINE_PAYLOAD_BYTES: Final = 4 * MIB
CHUNK_BYTES: Final = 256 * KIB

# The agent's typed error must arrive before gRPC gives up: an operation ends at its own timeout, and
# the agent takes about two thirds of the time that it has for the diagnosis. At this share of that
# time the client ends the call itself.
RPC_GRACE: Final = 0.9
# Of an agent that does not say.
DIAGNOSIS_SECONDS: Final = 1.0

ChannelOptions = list[tuple[str, int | str]]


def client_options() -> ChannelOptions:
    """Channel arguments of the client.

    The backoff is for a socket on the same machine: a restarted agent is there
    within a second or not at all.
    """
    return [
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 50),
        # In spite of its name also the least time that an attempt to connect may take:
        # a busy agent takes a while to greet, and the caller's deadline ends the wait.
        ("grpc.min_reconnect_backoff_ms", 20_000),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # Two clients of one process must not share a connection: each holds a
        # lease whose end is the end of its own connection.
        ("grpc.use_local_subchannel_pool", 1),
        # The authority of a unix socket would be its path, percent-encoded.
        ("grpc.default_authority", "localhost"),
        # Our own policies decide what is retried.
        ("grpc.enable_retries", 0),
        # A proxy from the environment is for web sites, never for the agent.
        ("grpc.enable_http_proxy", 0),
    ]


def server_options() -> ChannelOptions:
    """Channel arguments of the agent."""
    return [
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),
    ]


def unix_target(socket_path: str) -> str:
    """The gRPC address of a unix socket."""
    return f"unix:{socket_path}"
