"""Removing directories that others may be removing at the same time."""

from __future__ import annotations

import logging
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


def remove_tree(directory: Path) -> None:
    """Remove *directory* with all in it; what cannot be removed is logged and stays."""
    if sys.version_info >= (3, 12):
        shutil.rmtree(directory, onexc=_log_unremoved)
    else:
        shutil.rmtree(directory, onerror=lambda call, path, failure: _log_unremoved(call, path, failure[1]))


def _log_unremoved(_call: object, path: str, error: BaseException) -> None:
    if not isinstance(error, FileNotFoundError):
        logger.warning("cannot remove %s: %s", path, error)
