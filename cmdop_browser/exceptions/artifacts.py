"""What the agent keeps of a failure, fetched when it is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cmdop_browser.exceptions.files import FileNotFoundError
from cmdop_browser.exceptions.plain import clean_text

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path


class Origin(Protocol):
    """Where an error came from, and where what it refers to can be fetched."""

    def fetch(self, artifact: Artifact) -> bytes:
        """The bytes of *artifact*.

        Raises:
            CMDOPError: They are not to be had.
        """

    def facts(self) -> Mapping[str, str]:
        """What there is to tell of it, by name: versions, where its log is."""


@dataclass(frozen=True)
class Artifact:
    """A file that the agent keeps for a while: a screenshot, the HTML of a page.

    Attributes:
        id: Its name at the agent.
        media_type: Such as ``image/jpeg``.
        size_bytes: Its size; None when unknown.
    """

    id: str
    media_type: str = "application/octet-stream"
    size_bytes: int | None = None
    _origin: Origin | None = field(default=None, repr=False, compare=False)
    _content: bytes | None = field(default=None, repr=False, compare=False)

    def read(self) -> bytes:
        """Fetch the bytes; a screenshot's are an `Image`, which shows itself in a notebook.

        They are kept: the second time nothing is fetched, and a copy of the error, a
        pickled one too, has them with it.

        Raises:
            AgentOfflineError: The agent has ended, and what it kept is gone.
            FileNotFoundError: The agent does not keep it any more.
            ConnectionTimeoutError: The agent does not answer.
        """
        if self._content is None:
            object.__setattr__(self, "_content", self._fetch())
        return self._content or b""

    def _fetch(self) -> bytes:
        if self._origin is None:
            raise FileNotFoundError(
                f"{self.id} cannot be fetched: this error has lost its way to the agent",
                path=self.id,
                tips=("fetch it from the error as it was raised, not from its dictionary",),
            )
        return self._origin.fetch(self)

    def save(self, path: str | PathLike[str]) -> Path:
        """Fetch the bytes and write them to *path*, whole or not at all.

        Returns:
            The path.

        Raises:
            BadRequestError: *path* is no path.
            FileError: It cannot be written.
            CMDOPError: As `read`.
        """
        from cmdop_browser._files import target_of, write_file  # noqa: PLC0415 -- above the errors, which it raises

        target = target_of(path)
        write_file(target, self.read(), private=True)
        return target

    @property
    def fetched(self) -> bool:
        """Whether the bytes are here already."""
        return self._content is not None

    def to_dict(self) -> dict[str, Any]:
        """What names the artifact, as JSON values; never its bytes."""
        return {"id": self.id, "media_type": self.media_type, "size_bytes": self.size_bytes}

    @classmethod
    def parse(cls, value: Artifact | Mapping[str, Any] | str | None) -> Artifact | None:
        """Read what :meth:`to_dict` wrote, or an id; artifacts and None pass through."""
        if value is None or isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(clean_text(value))
        if not isinstance(value, Mapping):
            raise TypeError(f"no artifact: {type(value).__name__}")
        size = value.get("size_bytes")
        return cls(
            clean_text(str(value["id"])),
            media_type=clean_text(str(value.get("media_type") or cls.media_type)),
            size_bytes=None if size is None else int(size),
        )
