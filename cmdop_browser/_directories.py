"""Directories of the user; for users without a home, as in some containers, those of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from cmdop_browser.wire.rendezvous import runtime_base

if TYPE_CHECKING:
    from collections.abc import Callable

_APPLICATION = "cmdop"


def config_directory() -> Path:
    """Where the configuration file is."""
    return _of_user(platformdirs.user_config_path) or platformdirs.site_config_path(_APPLICATION)


def log_directory() -> Path:
    """Where agents log."""
    return _of_user(platformdirs.user_log_path) or runtime_base() / "log"


def cache_directory() -> Path | None:
    """Where lies what can be made again; None for users who have no place for it."""
    return _of_user(platformdirs.user_cache_path)


def has_home() -> bool:
    """Whether this user has a home directory, be it only a name."""
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def _of_user(directory: Callable[[str], Path]) -> Path | None:
    try:
        path = directory(_APPLICATION)
    except RuntimeError:  # what platformdirs raises for a user without a home
        return None
    return path if path.is_absolute() else None  # older ones leave the "~" as it is
