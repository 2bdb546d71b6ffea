"""Where a client and a local agent meet: directory, discovery record, locks, proof of life."""

from __future__ import annotations

from cmdop_browser.wire.rendezvous import heartbeat, kept, shortages
from cmdop_browser.wire.rendezvous.liveness import remove_stale, why_stale
from cmdop_browser.wire.rendezvous.locks import FileLock
from cmdop_browser.wire.rendezvous.logs import LARGEST_LOG, open_log, set_aside_logs
from cmdop_browser.wire.rendezvous.paths import (
    AgentPaths,
    has_directory_of_its_own,
    make_private,
    new_socket_path,
    runtime_base,
    validate_agent_name,
    verify_parent,
)
from cmdop_browser.wire.rendezvous.processes import (
    boot_id,
    end_halted,
    end_if,
    is_halted,
    is_running,
    process_start_time,
)
from cmdop_browser.wire.rendezvous.record import SCHEMA, DiscoveryRecord
from cmdop_browser.wire.rendezvous.supervisor import is_supervised, supervisor_pid, why_not_yet

__all__ = [
    "LARGEST_LOG",
    "SCHEMA",
    "AgentPaths",
    "DiscoveryRecord",
    "FileLock",
    "boot_id",
    "end_halted",
    "end_if",
    "has_directory_of_its_own",
    "heartbeat",
    "is_halted",
    "is_running",
    "is_supervised",
    "kept",
    "make_private",
    "new_socket_path",
    "open_log",
    "process_start_time",
    "remove_stale",
    "runtime_base",
    "set_aside_logs",
    "shortages",
    "supervisor_pid",
    "validate_agent_name",
    "verify_parent",
    "why_not_yet",
    "why_stale",
]
