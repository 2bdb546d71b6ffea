"""What becomes of a client and an agent of different versions.

The protocol's number decides whether they can talk at all; it rises with the major version.
Within a major version what the other side does not know is left out or refused by name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmdop_browser._version import __version__
from cmdop_browser.exceptions import FeatureNotAvailableError, MethodNotFoundError
from cmdop_browser.wire import channel as wire

if TYPE_CHECKING:
    from cmdop_browser.wire.v1 import agent_pb2

_SAME_VERSION = "install the same version on both sides, then: cmdop-browser agents restart"
_NEWER_AGENT = "have an agent of this client's version started: cmdop-browser agents restart"


def require_common_protocol(info: agent_pb2.AgentInfo) -> None:
    """Refuse an agent of another major version.

    Raises:
        MethodNotFoundError: It speaks no protocol that this client speaks.
    """
    if info.protocol_min <= wire.PROTOCOL_MAX and info.protocol_max >= wire.PROTOCOL_MIN:
        return
    raise MethodNotFoundError(
        f"the agent, version {info.agent_version}, speaks protocol {info.protocol_min} to "
        f"{info.protocol_max}, and this client, version {__version__}, {wire.PROTOCOL_MIN} to "
        f"{wire.PROTOCOL_MAX}",
        method="Hello",
        client_version=__version__,
        agent_version=info.agent_version,
        tips=(_SAME_VERSION,),
    )


def unknown_to_agent(feature: str, agent_version: str, *, mode: str = "local") -> FeatureNotAvailableError:
    """The error for what this client can ask for and its agent cannot do."""
    return FeatureNotAvailableError(
        f"{feature} is not available: the agent is version {agent_version or 'unknown'}, which cannot do "
        f"it; this client is version {__version__}",
        feature=feature,
        mode=mode,
        details={"client_version": __version__, "agent_version": agent_version},
        tips=(_NEWER_AGENT if _parts(agent_version) < _parts(__version__) else _SAME_VERSION,),
    )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
