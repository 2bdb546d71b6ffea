"""Settings, from a TOML file, the environment and keywords; the later wins."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cmdop_browser._directories import config_directory
from cmdop_browser.exceptions import ConfigurationError
from cmdop_browser.wire.rendezvous import shortages

__all__ = ["Settings", "config_file"]

_PREFIX: Final = "CMDOP_"
# Variables with our prefix that are no settings.
_RESERVED: Final = frozenset({"CMDOP_CONFIG", "CMDOP_INSTANCE"})


def _absolute(path: Path) -> Path:
    # An agent is started in another directory than the client that looks for it.
    return path.expanduser().absolute()


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("input should be a number")  # noqa: TRY004 -- what pydantic takes for a fault
    return value


def _named(value: object) -> object:
    if value == "" or "\0" in str(value):
        raise ValueError("input should be the name of a file or directory")
    return value


# Above these a setting is a mistake in units, and sums would overflow.
_YEAR: Final = 366 * 86400.0
_MOST: Final = 10**9
_Number = BeforeValidator(_no_truth)
_Path = Annotated[Path, BeforeValidator(_named), AfterValidator(_absolute)]
_Positive = Annotated[float, _Number, Field(gt=0, le=_YEAR, allow_inf_nan=False)]
_NotNegative = Annotated[float, _Number, Field(ge=0, le=_YEAR, allow_inf_nan=False)]
_Lifetime = Annotated[float, _Number, Field(gt=0, le=100 * _YEAR, allow_inf_nan=False)]
_Count = Annotated[int, _Number, Field(ge=1, le=_MOST)]


class Settings(BaseModel):
    """All settings; build them with `load`, which reports faults as `ConfigurationError`.

    Each can stand in the TOML file under its name, in the environment as ``CMDOP_`` and
    its name in capitals, and be given as a keyword. Times are in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    runtime_dir: _Path | None = None
    """Where agents and clients meet; None for the user's runtime directory."""
    log_dir: _Path | None = None
    """Where agents log to; None for the user's log directory."""
    timeout: _Positive = 30.0
    """How long a call may take that names no timeout of its own."""
    connect_timeout: _Positive = 10.0
    """How long connecting to an agent may take."""
    browser_path: _Path | None = None
    """The browser to use; None for the best one that is found."""
    sandbox: Literal["auto", "on", "off"] = "auto"
    """Chromium's sandbox; "auto" uses it wherever the system lets it work."""
    max_sessions: Annotated[int, _Number, Field(ge=1, le=10_000)] | None = None
    """How many sessions may be open at once; None for what suits the machine."""
    max_queue: Annotated[int, _Number, Field(ge=0, le=_MOST)] = 1000
    """How many clients may wait for a session."""
    shards: Annotated[int, _Number, Field(ge=1, le=1000)] | None = None
    """How many browsers the sessions are spread over; None for what suits the machine."""
    lease_grace: _NotNegative = 10.0
    """How long the sessions of a client that vanished are kept for it."""
    idle_exit: _Lifetime | None = None
    """After how long without clients an agent ends; None for never."""
    spawn_idle_exit: _Lifetime = 300.0
    """The same for an agent that a client started."""
    drain_timeout: _NotNegative = 10.0
    """How long sessions may go on when an agent is stopped."""
    hang_time: _Positive = 5.0
    """How long a browser that is not at work may not answer before it is replaced."""
    recycle_pages: _Count = 1500
    """After how many pages a browser is replaced by a new one, once its sessions have ended."""
    recycle_age: _Positive = 21600.0
    """After how long a browser is replaced by a new one, once its sessions have ended."""
    session_memory: _Count = 2048
    """How many MiB the page of a session may take; more ends that session."""
    memory: _Count | None = None
    """How many MiB all browsers may take; more ends the largest page. None for what suits the machine."""
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
    ] = "INFO"
    diagnosis_time: _Positive = 1.0
    """How long after its own timeout a failed call may take to find out why."""
    log_format: Literal["auto", "text", "json"] = "auto"
    """The lines of an agent's log; "auto" is text on a terminal, and one JSON object a line elsewhere."""
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where an agent serves metrics for Prometheus; None for nowhere."""
    metrics_host: str = "127.0.0.1"
    """The address at which it does."""
    evidence: Literal["on", "off"] = "on"
    """Whether errors carry a screenshot and the HTML of the page."""

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """The settings of this process.

        Args:
            **overrides: Settings by name, which win over the environment and the file.

        Raises:
            ConfigurationError: A setting is unknown or its value is not valid, or the file
                cannot be read.
        """
        _refuse_unknown(overrides, "keyword")
        environment = _environment()
        _refuse_unknown(environment, "environment")
        # A variable that is set to nothing is as good as none.
        named = {name: value for name, value in environment.items() if value}
        try:
            return cls(**(_read_file() | named | overrides))
        except ValidationError as error:
            raise _configuration_error(error, overrides) from error

    def to_environment(self) -> dict[str, str]:
        """The variables from which another process loads the same settings."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {_PREFIX + name.upper(): str(value) for name, value in values.items()}


def config_file() -> Path:
    """The TOML file that settings are read from; it need not exist.

    ``CMDOP_CONFIG`` names it, else it is ``config.toml`` in the user's configuration
    directory.
    """
    named = os.environ.get("CMDOP_CONFIG")
    return Path(named).expanduser() if named else config_directory() / "config.toml"


def _read_file() -> dict[str, Any]:
    path = config_file()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if os.environ.get("CMDOP_CONFIG"):
            raise ConfigurationError(
                f"CMDOP_CONFIG names {path}, which does not exist",
                setting="CMDOP_CONFIG",
                source="environment",
            ) from error
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        tips = shortages.tips_for(error)
        raise ConfigurationError(f"cannot read {path}: {error}", source=str(path), tips=tips) from error
    _refuse_unknown(content, str(path))
    return content


def _environment() -> dict[str, str]:
    """What stands in the environment under our prefix, by the names of settings."""
    return {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(_PREFIX) and name not in _RESERVED
    }


def _refuse_unknown(names: dict[str, Any], source: str) -> None:
    known = Settings.model_fields
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"there is no setting {_spelled(name, source)!r} ({source})",
                setting=name,
                source=source,
                tips=(f"did you mean {_spelled(near[0], source)}?",) if near else (),
            )


def _spelled(name: str, source: str) -> str:
    return _PREFIX + name.upper() if source == "environment" else name


def _configuration_error(error: ValidationError, overrides: dict[str, Any]) -> ConfigurationError:
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else ""
    source = _source_of(name, overrides)
    return ConfigurationError(
        f"setting {_spelled(name, source)} ({source}) cannot be {fault['input']!r}: {_lower(fault['msg'])}",
        setting=name,
        source=source,
    )


def _source_of(name: str, overrides: dict[str, Any]) -> str:
    if name in overrides:
        return "keyword"
    return "environment" if _environment().get(name) else str(config_file())


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
