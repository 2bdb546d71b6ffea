"""The directory of an agent, and what lies in it."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cmdop_browser.exceptions import BadRequestError, CMDOPError, ConfigurationError, PermissionDeniedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIVATE: Final = 0o700
_OTHERS: Final = 0o077
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
# Linux has 107 bytes for the path of a socket, other systems as few as 103.
_SOCKET_PATH_BYTES: Final = 100
# The name of a socket in a directory that was made for it.
_OWN: Final = "agent.sock"


@dataclass(frozen=True, slots=True)
class AgentPaths:
    """Where an agent of one name keeps its files; nothing is created by naming them."""

    directory: Path
    temporary: Path
    """Directory under which each instance of the agent has its own temporary files."""

    @classmethod
    def of(cls, agent: str, runtime_dir: Path | None = None) -> AgentPaths:
        """The paths of the agent called *agent*.

        Args:
            agent: Its name.
            runtime_dir: Directory of all agents; the user's runtime directory when None.

        Raises:
            BadRequestError: The name is not one.
        """
        validate_agent_name(agent)
        if runtime_dir is not None:
            directory = runtime_dir / agent
            return cls(directory, directory / "tmp")
        directory = runtime_base() / agent
        # A user's runtime directory is a small file system in memory: no place for what
        # a browser writes.
        return cls(directory, Path(tempfile.gettempdir()) / f"cmdop-tmp-{os.geteuid()}" / agent)

    @property
    def agent(self) -> str:
        """The agent's name."""
        return self.directory.name

    @property
    def record(self) -> Path:
        """The discovery record."""
        return self.directory / "agent.json"

    @property
    def lock(self) -> Path:
        """Held by the agent for as long as it lives."""
        return self.directory / "agent.lock"

    @property
    def spawn_lock(self) -> Path:
        """Held by the client that is starting an agent."""
        return self.directory / "spawn.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the process that starts the agent again when it crashes, where there is one."""
        return self.directory / "supervisor.lock"

    @property
    def instances(self) -> Path:
        """Notes of what each instance of the agent may leave behind."""
        return self.directory / "instances"

    @property
    def draining(self) -> Path:
        """Records of instances that take nothing new and go on with the sessions they have."""
        return self.directory / "draining"

    def record_of(self, instance_id: str) -> Path:
        """The record of one instance: of the agent, or of an earlier one that drains."""
        drained = self.draining / f"{instance_id}.json"
        return drained if drained.exists() else self.record

    def others(self) -> list[AgentPaths]:
        """Those of the agents of other names that are, or have been, in the same directory."""
        base = self.directory.parent
        try:
            names = [path.name for path in base.iterdir() if path.name != self.agent]
            found = [AgentPaths.of(name, base) for name in names if _NAME.fullmatch(name)]
            return [paths for paths in found if paths.lock.exists()]
        except OSError:  # somebody has removed it, or put there what is not this user's
            return []

    @property
    def kept(self) -> Path:
        """What the agent remembers of sessions that are to outlive it."""
        return self.directory / "kept"

    @property
    def history(self) -> Path:
        """How often the agent has crashed."""
        return self.directory / "history.json"

    def create(self) -> None:
        """Make the directory, for this user alone.

        Raises:
            PermissionDeniedError: It is another user's, or others have access to it.
            ConfigurationError: There can be no such directory.
        """
        with _errors_of_ours(self.directory):
            if self.directory.parent.exists():
                verify_parent(self.directory.parent)
            make_private(self.directory)

    def verify(self) -> None:
        """Check that the directory is this user's own, and nobody else's.

        Raises:
            FileNotFoundError: There is none (the builtin error).
            PermissionDeniedError: It is another user's, or others have access to it.
            ConfigurationError: There can be no such directory.
        """
        with _errors_of_ours(self.directory, absent_is_fine=True):
            verify_parent(self.directory.parent)
            verify_private(self.directory)


def validate_agent_name(agent: str) -> str:
    """Return *agent* if it can be the name of an agent.

    Raises:
        BadRequestError: It cannot.
    """
    if not _NAME.fullmatch(agent):
        raise BadRequestError(
            f"{agent!r} is no name for an agent: 1 to 64 letters, digits, '_', '-' and '.', "
            "the first one a letter, digit or '_'",
            field="agent",
            value=agent,
        )
    return agent


def runtime_base() -> Path:
    """The directory of all agents of this user.

    The same for a login shell and for a cron job, which has no ``XDG_RUNTIME_DIR`` and
    perhaps another ``TMPDIR``; and never the runtime directory of the user who called
    ``sudo -E`` or ``su``.
    """
    uid = os.geteuid()
    for candidate in (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{uid}"):
        if candidate and _is_private(Path(candidate), uid):
            return Path(candidate) / "cmdop"
    return Path(f"/tmp/cmdop-{uid}")  # noqa: S108 -- owner and mode are verified at every use


def new_socket_path(paths: AgentPaths, instance_id: str) -> Path:
    """Where an instance is to bind its socket, short enough for a socket's address.

    In the agent's directory, or else in a new private one that holds nothing else.

    Raises:
        OSError: No directory can be made.
    """
    socket = paths.directory / f"{instance_id[:12]}.sock"
    if _fits(socket):
        return socket
    directory = Path(tempfile.gettempdir())
    if not _fits(directory / "cmdop-12345678" / _OWN):
        directory = Path("/tmp")  # noqa: S108 -- mkdtemp makes what no other user can enter
    return Path(tempfile.mkdtemp(prefix="cmdop-", dir=directory), _OWN)


def has_directory_of_its_own(socket: Path) -> bool:
    """Whether `new_socket_path` made the directory of *socket* for it."""
    return socket.name == _OWN and socket.parent.name.startswith("cmdop-")


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= _SOCKET_PATH_BYTES


def make_private(directory: Path) -> None:
    """Make *directory*, and what is missing above it, with access for this user alone.

    Raises:
        PermissionDeniedError: It is another user's, or others have access to it.
    """
    try:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(_PRIVATE, exist_ok=True)
    except PermissionError as error:
        raise _blocked(directory, error) from error
    verify_private(directory)


def verify_private(directory: Path) -> None:
    """Check that *directory* is this user's own, and nobody else's.

    Raises:
        FileNotFoundError: There is none (the builtin error).
        PermissionDeniedError: It is another user's, or others have access to it.
    """
    found = _lstat(directory)
    if not stat.S_ISDIR(found.st_mode):
        raise _denied(directory, found.st_uid, f"{directory} is not a directory", f"remove {directory}")
    if found.st_uid != os.geteuid():
        raise _denied(directory, found.st_uid)
    if found.st_mode & _OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise _denied(
            directory,
            found.st_uid,
            f"{directory} is open to other users (mode {mode:03o})",
            f"chmod 700 {directory}",
        )


def verify_parent(directory: Path) -> None:
    """Refuse a parent in which another user could put a directory in the place of ours.

    Raises:
        FileNotFoundError: There is none (the builtin error).
        PermissionDeniedError: It is another user's, or every user's.
    """
    found = _lstat(directory)
    if found.st_uid not in {0, os.geteuid()}:
        raise _denied(directory, found.st_uid)
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        raise _denied(
            directory, found.st_uid, f"{directory} can be changed by every user", f"chmod o-w {directory}"
        )


def _lstat(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except PermissionError as error:
        raise _blocked(path, error) from error
    except NotADirectoryError as error:
        raise FileNotFoundError(str(path)) from error


@contextmanager
def _errors_of_ours(directory: Path, *, absent_is_fine: bool = False) -> Iterator[None]:
    try:
        yield
    except CMDOPError:
        raise
    except PermissionError as error:
        raise _blocked(directory, error) from error
    except OSError as error:
        if absent_is_fine and isinstance(error, FileNotFoundError):
            raise
        named = os.environ.get("CMDOP_RUNTIME_DIR")
        raise ConfigurationError(
            f"{directory} cannot be the directory of an agent: {error.strerror}",
            setting="runtime_dir",
            source="environment" if named and Path(named).absolute() == directory.parent.absolute() else None,
            tips=("set CMDOP_RUNTIME_DIR to a directory of your own, or to one that can be made",),
        ) from error


def _is_private(directory: Path, uid: int) -> bool:
    try:
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & _OTHERS


def _blocking_owner(path: Path) -> int | None:
    """Who owns the lowest directory above *path* that this user can look at."""
    for parent in (path, *path.parents):
        try:
            return parent.lstat().st_uid
        except OSError:
            continue
    return None


def _blocked(directory: Path, error: PermissionError) -> PermissionDeniedError:
    owner = _blocking_owner(directory)
    if owner != os.geteuid():
        return _denied(directory, owner)
    tip = "set CMDOP_RUNTIME_DIR to a directory of your own"
    return _denied(directory, owner, f"{directory} cannot be used: {error.strerror}", tip)


def _denied(
    directory: Path, owner: int | None, message: str | None = None, tip: str | None = None
) -> PermissionDeniedError:
    caller = os.geteuid()
    return PermissionDeniedError(
        message or f"{directory} belongs to user {owner}, and this is user {caller}",
        agent_uid=owner,
        caller_uid=caller,
        tips=(tip or "run as the agent's user, or set CMDOP_RUNTIME_DIR to a directory of your own",),
    )
