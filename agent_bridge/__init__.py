"""The agent: a process of its own that hosts browser sessions and speaks gRPC."""

from __future__ import annotations

from cmdop_browser._version import __version__

__all__ = ["__version__"]
