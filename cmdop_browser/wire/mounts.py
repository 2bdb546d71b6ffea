"""What is known of the file system that a path lies on. Imports next to nothing: supervisors stay small."""

from __future__ import annotations

import os


def is_read_only(path: str | os.PathLike[str]) -> bool:
    """Whether nothing can be written there, as after the kernel has met an error of the disk.

    Raises:
        OSError: There is no such path, or it cannot be asked.
    """
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
