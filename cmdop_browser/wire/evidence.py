"""Whether a failing call is to be pictured, as the client says with the call.

Without a word it is. ``off`` is for clients that want no pictures. A call within an
attempt that may be repeated says for which errors another attempt follows, because
nobody would look at their pictures: a list of causes, reasons and codes, each with
``+`` when it is tried again and ``-`` when it is not, and ``*`` for what is retryable.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmdop_browser.exceptions import CMDOPError

OFF: Final = "off"
_RETRYABLE: Final = "*"


retries_ahead: ContextVar[Retries | None] = ContextVar("retries_ahead", default=None)
"""What may become of errors of the attempt that runs here; None when nothing is known of another one."""


@dataclass(frozen=True, slots=True)
class Retries:
    """Which errors of an attempt another attempt follows.

    Attributes:
        retryable: Whether those do that are retryable, where nothing else is said of them.
        by_key: What is said of causes, close reasons and codes of errors.
    """

    retryable: bool
    by_key: Mapping[str, bool]

    def follow(self, error: CMDOPError) -> bool:
        """Whether another attempt follows *error*."""
        if not error.safe_to_repeat:
            return False
        codes = (vars(cls).get("code") for cls in type(error).__mro__)
        for key in (getattr(error, "cause", None), getattr(error, "reason", None), *codes):
            if key is not None and str(key) in self.by_key:
                return self.by_key[str(key)]
        return error.retryable and self.retryable

    def encode(self) -> str:
        """The value of the header."""
        entries = {_RETRYABLE: self.retryable, **self.by_key}
        return ",".join(f"{'+' if again else '-'}{key}" for key, again in entries.items())

    @classmethod
    def decode(cls, header: str) -> Self | None:
        """Read the header; None when it says nothing of retries."""
        entries = {entry[1:]: entry[0] == "+" for entry in header.split(",") if entry[:1] in {"+", "-"}}
        if not entries:
            return None
        return cls(entries.pop(_RETRYABLE, False), entries)
