"""A lock file that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_MODE = 0o600


class FileLock:
    """An exclusive ``flock`` on a file that is created when missing and never removed.

    The descriptor is not inherited by processes that are started while it is held, but
    where `descriptor` is handed on. Such a process keeps the lock when its holder dies, and
    gives it back by closing what it was given; `release` takes it from both.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    @property
    def descriptor(self) -> int | None:
        """What a process can be given so that the lock outlives its holder; None while it is not held."""
        return self._fd

    def try_acquire(self) -> bool:
        """Take the lock if it is free.

        Returns:
            Whether it is held now.

        Raises:
            OSError: The file cannot be created or opened.
        """
        while self._fd is None:
            fd = _open(self.path)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Between open and flock someone may have cleared the directory; a lock
                # on a file that has no name excludes nobody.
                if _names_same_file(self.path, fd):
                    self._fd, fd = fd, -1
            except BlockingIOError:
                return False
            finally:
                if fd >= 0:
                    os.close(fd)
        return True

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        fd, self._fd = self._fd, None
        if fd is not None:
            # A process forked meanwhile shares the descriptor and would keep the lock:
            # unlocking works for all who share it, closing does not.
            fcntl.flock(fd, fcntl.LOCK_UN)
            os.close(fd)

    def still_named(self) -> bool:
        """Whether the file that is locked is still the one that its path names."""
        return self._fd is not None and _names_same_file(self.path, self._fd)

    def touch(self) -> None:
        """Renew the file's times, so that cleaners of temporary directories leave it alone."""
        if self._fd is not None:
            os.utime(self._fd)

    def overwrite(self, content: bytes) -> None:
        """Put *content* over what the file begins with."""
        if self._fd is not None:
            os.pwrite(self._fd, content, 0)

    def read(self) -> bytes:
        """What the holder before left in the file with `write`."""
        return b"" if self._fd is None else os.pread(self._fd, 64 * 1024, 0)

    def write(self, content: bytes) -> None:
        """Leave *content* in the file for whoever holds the lock next."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, content, 0)

    @classmethod
    def is_free(cls, path: Path) -> bool:
        """Whether nobody holds the lock at *path* at this moment; creates nothing."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            fcntl.flock(fd, fcntl.LOCK_UN)
            return True
        finally:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)


def _names_same_file(path: Path, fd: int) -> bool:
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(fd))
