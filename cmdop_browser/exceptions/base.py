"""The root of the tree, and how a class of it is declared.

A class is a dataclass of its fields: the constructor, the wire form, pickling and
``repr`` all follow from that one list. Every field has a default, so that any error
can be made from a message alone.
"""

from __future__ import annotations

import dataclasses
import inspect
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, dataclass_transform, overload

from cmdop_browser.exceptions import text
from cmdop_browser.exceptions.causes import Outcome
from cmdop_browser.exceptions.plain import clean_text, clip, mask_in, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from os import PathLike
    from pathlib import Path

    from cmdop_browser.exceptions.artifacts import Origin

PUBLIC_MODULE: Final = "cmdop_browser.exceptions"

# A message may quote an error text of the browser, which may quote a URL of megabytes.
MAX_MESSAGE: Final = 2_000

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_classes: dict[str, type[CMDOPError]] = {}
ERROR_CLASSES: Final[Mapping[str, type[CMDOPError]]] = MappingProxyType(_classes)
"""Every class of the tree by its code."""


def parsed(parse: Callable[[Any], T], *, default: Any) -> T:
    """A field whose value goes through *parse*, which also reads the wire form."""
    return dataclasses.field(default=default, metadata={"parse": parse})  # type: ignore[no-any-return]


def one_of(members: type[E]) -> Callable[[Any], E | None]:
    """Parser of an optional member of *members*."""
    return lambda value: None if value is None else members(value)


def texts(value: Any) -> tuple[str, ...]:
    """Parse a tuple of strings; one string is a tuple of it."""
    items = (value,) if isinstance(value, str) else value or ()
    return tuple(clean_text(str(item)) for item in items)


def wait(value: Any) -> float | None:
    """Parse seconds to wait."""
    return None if value is None else max(float(value), 0.0)


class LongText:
    """The ``error_detail`` of an error: what was given, or else composed when read."""

    def __get__(self, error: CMDOPError | None, owner: type[CMDOPError]) -> str:
        if error is None:
            return ""
        given: str = error.__dict__.get("_error_detail", "")
        return given or text.long_form(error)

    def __set__(self, error: CMDOPError, detail: str) -> None:
        error.__dict__["_error_detail"] = clean_text(detail)


class Retryable:
    """The ``retryable`` of an error: what was given, or else what the other fields say when read."""

    @overload
    def __get__(self, error: None, owner: type[CMDOPError]) -> None: ...

    @overload
    def __get__(self, error: CMDOPError, owner: type[CMDOPError]) -> bool: ...

    def __get__(self, error: CMDOPError | None, owner: type[CMDOPError]) -> bool | None:
        if error is None:  # asked for the field's default
            return None
        given: bool | None = error.__dict__.get("_retryable")
        return error._may_pass() and error.safe_to_repeat if given is None else given

    def __set__(self, error: CMDOPError, given: bool | None) -> None:
        error.__dict__["_retryable"] = given


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(dataclasses.field, parsed))
def error(
    code: str, *, http_status: int, retryable: bool = False, summary: str
) -> Callable[[type[T]], type[T]]:
    """Declare a class of the tree.

    Args:
        code: Its stable name on the wire and in logs.
        http_status: The nearest HTTP status.
        retryable: Whether repeating the same call may help.
        summary: One sentence without values, fit for a dashboard.
    """

    def declare(cls: type[T]) -> type[T]:
        declared: Any = cls
        if inspect.get_annotations(cls):  # generating a constructor takes half a millisecond
            declared = dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)
        declared.__module__ = PUBLIC_MODULE
        declared.code, declared.http_status = code, http_status
        declared._transient, declared._summary = retryable, summary
        _classes[code] = declared
        return cls

    return declare


@error("CMDOP_ERROR", http_status=500, summary="Something went wrong.")
class CMDOPError(Exception):
    """Root of every error that a public call raises.

    Attributes:
        code: Stable name of the class, such as ``BROWSER_ELEMENT_NOT_FOUND``.
        message: The first sentence; composed from the fields when not given.
        request_id: The call that failed, as the agent's log names it.
        idempotency_key: Key of the act that failed; None for reads.
        agent_id: The instance of the agent that answered.
        http_status: The nearest HTTP status.
        retryable: Whether repeating the call is safe and may help.
        details: Whatever else is known, JSON values only.
        tips: What to try next, the most promising first.
        error_detail: The long text: what happened, evidence, tips.
    """

    code: ClassVar[str]
    http_status: ClassVar[int]
    _transient: ClassVar[bool]
    _summary: ClassVar[str]
    _may_have_run: ClassVar[bool] = False
    _origin: ClassVar[Origin | None] = None  # set on errors that came from an agent

    message: str = dataclasses.field(default="", kw_only=False)
    request_id: str | None = None
    idempotency_key: str | None = None
    agent_id: str | None = None
    retryable: Retryable = Retryable()
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
    tips: tuple[str, ...] = parsed(texts, default=())

    error_detail = LongText()

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):
            if spec.name not in {"error_detail", "retryable"}:  # their descriptors see to them
                self._normalise(spec)
        self.details = plain(self.details or {})
        self.message = clip(self.message or self._compose(), MAX_MESSAGE)
        self.args = (self.message,)
        self._complete()
        self.tips = self.tips or texts(self._default_tips())

    def _normalise(self, spec: dataclasses.Field[Any]) -> None:
        value = getattr(self, spec.name)
        if parse := spec.metadata.get("parse"):
            setattr(self, spec.name, parse(value))
        elif isinstance(value, str):
            setattr(self, spec.name, clean_text(value))

    def _compose(self) -> str:
        """The message when none was given."""
        return self._summary[:1].lower() + self._summary[1:].rstrip(".")

    def _complete(self) -> None:
        """Set what follows from the fields."""

    def came_from(self, origin: Origin) -> None:
        """Note where the error came from, for what is still to be fetched from there."""
        self.__dict__["_origin"] = origin

    def _may_pass(self) -> bool:
        """Whether the same call may succeed later."""
        return self._transient

    @property
    def safe_to_repeat(self) -> bool:
        """Whether making the call again cannot do something twice.

        False when the call was executed, and when it is an act and nobody knows. A read may
        be made again whatever became of it.
        """
        outcome: Outcome | None = getattr(self, "outcome", None)
        if outcome is None:
            return self.idempotency_key is None or not self._may_have_run
        if outcome is Outcome.UNKNOWN:
            return self.idempotency_key is None and self._of_a_read()
        return outcome is Outcome.NOT_EXECUTED

    def _of_a_read(self) -> bool:
        """Whether the call that has no idempotency key is certain to be one that changes nothing."""
        return False

    def _default_tips(self) -> tuple[str, ...]:
        return ()

    def fields(self) -> dict[str, Any]:
        """What this class adds to the common attributes, by name."""
        return {
            name: self.__dict__.get("_error_detail", "") if name == "error_detail" else getattr(self, name)
            for name in self._field_names()
        }

    @classmethod
    def _field_names(cls) -> tuple[str, ...]:
        return tuple(spec.name for spec in dataclasses.fields(cls) if spec.name not in COMMON_FIELDS)

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON values; :func:`error_from_dict` reads it back."""
        return {
            "code": self.code,
            "message": self.message,
            "http_status": self.http_status,
            "retryable": self.retryable,
            "request_id": self.request_id,
            "idempotency_key": self.idempotency_key,
            "agent_id": self.agent_id,
            "tips": list(self.tips),
            "fields": {name: _jsonable(value) for name, value in self.fields().items()},
            "details": plain(self.details),
        }

    def mask(self, secrets: Iterable[str]) -> None:
        """Put ``***`` in place of *secrets* wherever they stand in this error's texts.

        Credentials in usual forms are masked without it; this is for values that only the
        caller knows to be secret.
        """
        known = tuple(secrets)
        record = self.to_dict()
        masked = mask_in(record, known)
        if masked == record:
            return
        clean = error_from_dict(masked)
        # What the error had worked out when it was asked is left for it to work out again.
        self.__dict__.update({name: value for name, value in clean.__dict__.items() if name != "_retryable"})
        self.args = clean.args

    def save(self, directory: str | PathLike[str] = "errors") -> Path:
        """Write all that is known of this error to one HTML file, the screenshot included.

        The file needs nothing else: it can be sent to somebody. What the agent keeps is
        fetched first; where that is not to be had any more, the report says why. The call
        blocks for that while: in a coroutine, ``await asyncio.to_thread(error.save, …)``.

        Args:
            directory: Where to; made if it is not there.

        Returns:
            The file, named by time, code and request.

        Raises:
            BadRequestError: *directory* is no path.
            FileError: It cannot be written.
        """
        from cmdop_browser._report import save  # noqa: PLC0415 -- the template engine comes in when it is used

        return save(self, directory)

    def _repr_html_(self) -> str | None:
        try:
            from cmdop_browser._report import card  # noqa: PLC0415 -- same

            return card(self)
        except Exception:  # noqa: BLE001 -- a notebook falls back to the text
            return None

    def user_message(self) -> str:
        """One sentence for people who did not write the scraper: no selectors, paths or ids."""
        return self._summary

    def __str__(self) -> str:
        return text.short_form(self)

    def __repr__(self) -> str:
        return text.repr_form(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Not by way of the constructor: a subclass may have given it another signature.
        state = dict(self.__dict__)
        if isinstance(self, OSError):  # which keeps these two beside the dictionary
            state |= {"errno": self.errno, "filename": self.filename}
        return (_restore, (type(self), self.args), state)


def _restore(cls: type[CMDOPError], args: tuple[Any, ...]) -> CMDOPError:
    restored = cls.__new__(cls)
    restored.args = args
    return restored


def _jsonable(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_jsonable(item) for item in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return plain(value)


COMMON_FIELDS: Final = frozenset(spec.name for spec in dataclasses.fields(CMDOPError))


def error_from_dict(record: Mapping[str, Any]) -> CMDOPError:
    """Build the error that :meth:`CMDOPError.to_dict` described.

    What this version does not know (a newer agent's code, field or cause) is kept
    in ``details``, so that nothing the agent said is lost.

    Args:
        record: A mapping in the form of ``to_dict``; all keys are optional.
    """
    code = record.get("code")
    cls = _classes.get(str(code), CMDOPError)
    details = dict(record.get("details") or {})
    if cls is CMDOPError and code not in {None, CMDOPError.code}:
        details["code"] = code
    arguments: dict[str, Any] = {"retryable": record.get("retryable")}
    specs = {spec.name: spec for spec in dataclasses.fields(cls)}
    for name, value in (record.get("fields") or {}).items():
        if name in specs and name not in COMMON_FIELDS and _readable(specs[name], value):
            arguments[name] = value
        else:
            details[name] = value
    return cls(
        str(record.get("message") or ""),
        request_id=record.get("request_id"),
        idempotency_key=record.get("idempotency_key"),
        agent_id=record.get("agent_id"),
        tips=tuple(record.get("tips") or ()),
        details=details,
        **arguments,
    )


def _readable(spec: dataclasses.Field[Any], value: Any) -> bool:
    parse = spec.metadata.get("parse")
    if parse is None:
        return True
    try:
        parse(value)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return True
