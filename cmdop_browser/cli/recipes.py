"""What a recipe is: a module with ``recipe(client, **options)`` that yields rows."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from cmdop_browser.cli.exit_codes import UsageError
from cmdop_browser.cli.rows import Row, as_row
from cmdop_browser.exceptions import CMDOPError, ExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from cmdop_browser import CMDOPClient

FUNCTION = "recipe"


@dataclass(frozen=True)
class Recipe:
    """A recipe and what it can be told.

    Attributes:
        name: The module's name, for messages.
        file: The module's file.
        function: Called as ``function(client, **options)``.
        options: Its keyword-only parameters.
        annotations: Their types, resolved.
    """

    name: str
    file: str
    function: Callable[..., Any]
    options: Mapping[str, inspect.Parameter]
    annotations: Mapping[str, Any]

    def rows(self, client: CMDOPClient, options: Mapping[str, Any]) -> Iterator[Row]:
        """Run the recipe; its rows as they come.

        One that leaves by ``sys.exit()`` is done; with a code or a message, it failed.

        Raises:
            CMDOPError: What the recipe let out of that kind.
            ExecutionError: It failed in another way, or yielded something that is no row.
        """
        try:
            for row in self._yielded(client, options):
                yield as_row(row)
        except CMDOPError:
            raise
        except SystemExit as error:
            if error.code not in {None, 0}:
                raise self._failure(error) from error
        except Exception as error:
            raise self._failure(error) from error

    def _yielded(self, client: CMDOPClient, options: Mapping[str, Any]) -> Iterable[Any]:
        result = self.function(client, **options)
        if isinstance(result, Iterable) and not isinstance(result, Mapping | str | bytes):
            return result
        raise TypeError(f"{FUNCTION}() is to yield or return rows, and returned {type(result).__name__}")

    def _failure(self, error: BaseException) -> ExecutionError:
        return ExecutionError(
            f"recipe {self.name} failed{_place(error, self.file)}: {type(error).__name__}: {error}",
            command=self.name,
            exit_code=_exit_code(error),
            tips=("run it with --debug to see the whole traceback",),
        )


def load_recipe(reference: str) -> Recipe:
    """Import the recipe at a path, or in an importable module.

    Raises:
        UsageError: There is none.
        ExecutionError: Importing it failed.
    """
    try:
        module = _load_file(Path(reference)) if _is_path(reference) else importlib.import_module(reference)
    except CMDOPError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not (reference == error.name or reference.startswith(f"{error.name}.")):
            raise _import_failure(reference, error) from error
        raise UsageError(
            f"there is no module {reference!r}", tips=("name a file: path/to/recipe.py",)
        ) from error
    except (Exception, SystemExit) as error:
        raise _import_failure(reference, error) from error
    return _recipe_of(module, reference)


def parse_options(recipe: Recipe, assignments: Sequence[str]) -> dict[str, Any]:
    """Turn ``key=value`` words into what the recipe's annotations ask for.

    A key that is given several times makes a list, where the option is one.

    Raises:
        UsageError: A word has no ``=``, or an option is unknown, unfit or missing.
    """
    given: dict[str, list[str]] = {}
    for assignment in assignments:
        key, separator, value = assignment.partition("=")
        if not separator:
            raise UsageError(f"--set takes key=value, not {assignment!r}")
        given.setdefault(key.strip().replace("-", "_"), []).append(value)
    _require_known(recipe, given)
    _require_complete(recipe, given)
    return {key: _converted(recipe, key, values) for key, values in given.items()}


def _is_path(reference: str) -> bool:
    return reference.endswith(".py") or "/" in reference


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"there is no recipe {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    # As for a script: neighbours can be imported, and what looks its own module up finds it.
    sys.path.insert(0, str(path.parent.resolve()))
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _recipe_of(module: ModuleType, reference: str) -> Recipe:
    function = getattr(module, FUNCTION, None)
    if not callable(function):
        raise UsageError(f"{reference} has no function {FUNCTION}(client, **options)")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(f"{FUNCTION}() of {reference} is async, and recipes are plain functions")
    parameters = inspect.signature(function).parameters
    options = {name: p for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    return Recipe(
        module.__name__, module.__file__ or "", function, options, _resolved(options, function, reference)
    )


def _resolved(
    options: Mapping[str, inspect.Parameter], function: Callable[..., Any], reference: str
) -> Mapping[str, Any]:
    """The options' types. Only theirs: the client's may be imported for type checkers alone."""
    known = {
        name: option.annotation for name, option in options.items() if option.annotation is not option.empty
    }
    holder = SimpleNamespace(__annotations__=known)
    try:
        return get_type_hints(holder, globalns=inspect.unwrap(function).__globals__)
    except NameError as error:
        raise UsageError(f"{reference}: the type of an option is not imported: {error}") from error


def _require_known(recipe: Recipe, given: Mapping[str, object]) -> None:
    for key in given:
        if key not in recipe.options:
            there_are = ", ".join(recipe.options) or "none"
            raise UsageError(f"recipe {recipe.name} has no option {key!r}; there are: {there_are}", field=key)


def _require_complete(recipe: Recipe, given: Mapping[str, object]) -> None:
    required = [name for name, option in recipe.options.items() if option.default is inspect.Parameter.empty]
    if missing := [name for name in required if name not in given]:
        words = " ".join(f"--set {name}=…" for name in missing)
        raise UsageError(f"recipe {recipe.name} needs: {words}", field=missing[0])


def _converted(recipe: Recipe, key: str, values: list[str]) -> Any:
    from pydantic import TypeAdapter, ValidationError

    annotation = recipe.annotations.get(key, str)
    many = _takes_many(annotation)
    if len(values) > 1 and not many:
        raise UsageError(f"option {key!r} of recipe {recipe.name} takes one value", field=key)
    try:
        parse = TypeAdapter(annotation)
        return parse.validate_python(values) if many else parse.validate_strings(values[0])
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise UsageError(
            f"option {key!r} of recipe {recipe.name} cannot be {values[-1]!r}: {reason}",
            field=key,
            value=values[-1],
        ) from error


def _takes_many(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return any(_takes_many(part) for part in get_args(annotation))
    origin = get_origin(annotation) or annotation
    return (
        isinstance(origin, type)
        and issubclass(origin, Iterable)
        and not issubclass(origin, str | bytes | Mapping)
    )


def _exit_code(error: BaseException) -> int | None:
    """What a process of its own would have ended with."""
    if not isinstance(error, SystemExit):
        return None
    code = 0 if error.code is None else error.code
    return code if isinstance(code, int) else 1  # a message stands for 1


def _import_failure(reference: str, error: BaseException) -> ExecutionError:
    return ExecutionError(
        f"recipe {reference} cannot be imported{_place(error, reference)}: {type(error).__name__}: {error}",
        command=reference,
        exit_code=_exit_code(error),
        tips=("run it with --debug to see the whole traceback",),
    )


def _place(error: BaseException, file: str) -> str:
    """Where in *file* it went wrong, however deep below."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file:
            return f" ({Path(file).name}:{frame.lineno}, in {frame.name})"
    return ""
