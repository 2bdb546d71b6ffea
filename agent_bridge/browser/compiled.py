"""Where drivers keep their program compiled, so that the next one need not compile it again."""

from __future__ import annotations

import logging
import os
from typing import Final

from cmdop_browser._directories import cache_directory
from cmdop_browser.exceptions import CMDOPError
from cmdop_browser.wire.rendezvous import make_private, verify_parent

log = logging.getLogger(__name__)

# Of Node.js, which does the rest: it writes at a driver's end, by renaming, and reads only what
# fits its version and the program. A quarter of what a driver computes at its start is compiling.
_VARIABLE: Final = "NODE_COMPILE_CACHE"


def keep_compiled() -> None:
    """Have the drivers that this process starts share a directory of the user's.

    What is read there is run: so it has to be this user's alone. Where it cannot be, drivers
    start as they do without. A directory that the environment names stays.
    """
    cache = cache_directory()
    if _VARIABLE in os.environ or cache is None:
        return
    directory = (cache / "driver").resolve()
    try:
        make_private(directory)
        for parent in directory.parents:
            verify_parent(parent)
    except (CMDOPError, OSError) as exc:
        log.info("drivers compile their program at every start: %s", exc)
        return
    os.environ[_VARIABLE] = str(directory)
