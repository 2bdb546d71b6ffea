"""What an agent keeps of sessions, made to look as if it had been kept for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmdop_browser.wire.rendezvous import kept

if TYPE_CHECKING:
    from pathlib import Path


def grow_old(file: Path) -> None:
    """Have a file say that it was kept an hour ago."""
    now = kept._now()
    long_ago = f"{float(now) - 3600:.3f}".rjust(len(now))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_now", lambda: long_ago)
        kept.renew(file)
