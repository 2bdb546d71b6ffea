"""Loading a recipe and giving it its options."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from cmdop_browser.cli.exit_codes import NoRowsError, UsageError, exit_code_of
from cmdop_browser.cli.output import Output
from cmdop_browser.cli.recipe import Tally, require_rows, write_rows
from cmdop_browser.cli.recipes import Recipe, load_recipe, parse_options
from cmdop_browser.exceptions import BrowserTimeoutError, ExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIMPLE = """
def recipe(client, *, start: int = 1, titles: list[str] | None = None):
    for number in range(start, start + 2):
        yield {"n": number, "titles": titles}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(source: str) -> str:
        path = tmp_path / "some_recipe.py"
        path.write_text(source)
        return str(path)

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def rows_of(recipe: Recipe, **options: Any) -> list[dict[str, Any]]:
    client: Any = object()
    return list(recipe.rows(client, options))


def test_a_recipe_is_loaded_from_a_file(write: Callable[[str], str]) -> None:
    recipe = load_recipe(write(SIMPLE))
    assert recipe.name == "some_recipe"
    assert list(recipe.options) == ["start", "titles"]
    assert rows_of(recipe, start=4) == [{"n": 4, "titles": None}, {"n": 5, "titles": None}]


def test_names_for_type_checkers_alone_do_no_harm(write: Callable[[str], str]) -> None:
    recipe = load_recipe(
        write(
            "from __future__ import annotations\n"
            "def recipe(client: CMDOPClient, *, n: int = 0) -> Iterator[Row]: return [{'n': n}]"
        )
    )
    assert rows_of(recipe, **parse_options(recipe, ["n=3"])) == [{"n": 3}]


def test_an_option_of_an_unknown_type_is_refused(write: Callable[[str], str]) -> None:
    source = "from __future__ import annotations\ndef recipe(client, *, n: Missing = 0): return []"
    with pytest.raises(UsageError, match="'Missing' is not defined"):
        load_recipe(write(source))


def test_a_recipe_may_import_its_neighbours(write: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_recipe.py").write_text("ROWS = [{'a': 1}]")
    recipe = load_recipe(write("import neighbour_of_recipe as n\ndef recipe(client): return n.ROWS"))
    assert rows_of(recipe) == [{"a": 1}]


def test_a_recipe_is_loaded_from_a_module(write: Callable[[str], str], tmp_path: Path) -> None:
    write(SIMPLE)
    sys.path.insert(0, str(tmp_path))
    assert load_recipe("some_recipe").name == "some_recipe"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no/such.py", "there is no recipe no/such.py"),
        ("no_such_module_at_all", "there is no module 'no_such_module_at_all'"),
        ("json.no_such_part", "there is no module"),
        ("json", "has no function recipe"),
    ],
)
def test_what_is_not_there_is_a_usage_error(reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_recipe(reference)
    assert exit_code_of(caught.value) == 2


def test_an_async_recipe_is_refused(write: Callable[[str], str]) -> None:
    with pytest.raises(UsageError, match="is async"):
        load_recipe(write("async def recipe(client): ..."))


@pytest.mark.parametrize("source", ["1 / 0", "def recipe(", "import no_such_module_at_all"])
def test_a_recipe_that_cannot_be_imported_says_why(write: Callable[[str], str], source: str) -> None:
    with pytest.raises(ExecutionError, match="cannot be imported") as caught:
        load_recipe(write(source))
    assert caught.value.__cause__ is not None


class Colour(enum.Enum):
    RED = "red"


def everything(  # type: ignore[no-untyped-def]  # recipes need not annotate
    client: object,
    *,
    number: int = 0,
    ratio: float = 0.0,
    flag: bool = False,
    path: Path = Path(),
    choice: Literal["a", "b"] = "a",
    colour: Colour = Colour.RED,
    maybe: int | None = None,
    many: tuple[int, ...] = (),
    plain="",
) -> list[Any]:
    return []


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setattr(sys.modules[__name__], "recipe", everything)
    return load_recipe(__name__)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["number=5"], {"number": 5}),
        (["ratio=.5", "flag=true"], {"ratio": 0.5, "flag": True}),
        (["path=a/b"], {"path": Path("a/b")}),
        (["choice=b", "colour=red"], {"choice": "b", "colour": Colour.RED}),
        (["maybe=7"], {"maybe": 7}),
        (["many=1", "many=2"], {"many": (1, 2)}),
        (["many=1"], {"many": (1,)}),
        (["plain=a=b"], {"plain": "a=b"}),
        (["plain="], {"plain": ""}),
    ],
)
def test_options_are_converted_by_their_annotations(
    recipe: Recipe, words: list[str], options: dict[str, Any]
) -> None:
    assert parse_options(recipe, words) == options


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("number", "takes key=value"),
        ("nmber=1", "has no option 'nmber'; there are: number, ratio, flag"),
        ("number=five", "option 'number' .* cannot be 'five'"),
        ("choice=c", "cannot be 'c'"),
        ("colour=blue", "cannot be 'blue'"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(recipe: Recipe, word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_options(recipe, [word])


def test_a_single_value_is_not_given_twice(recipe: Recipe) -> None:
    with pytest.raises(UsageError, match="takes one value"):
        parse_options(recipe, ["number=1", "number=2"])


def test_a_missing_option_is_named(write: Callable[[str], str]) -> None:
    recipe = load_recipe(write("def recipe(client, *, base_url: str): return []"))
    with pytest.raises(UsageError, match="needs: --set base_url=…"):
        parse_options(recipe, [])


def test_an_exception_of_the_recipe_names_its_place(write: Callable[[str], str]) -> None:
    recipe = load_recipe(write("def recipe(client):\n    yield {}\n    yield {}['price']\n"))
    with pytest.raises(ExecutionError, match=r"\(some_recipe.py:3, in recipe\): KeyError: 'price'"):
        rows_of(recipe)


def test_the_place_is_the_recipes_own_however_deep_the_fault(write: Callable[[str], str]) -> None:
    recipe = load_recipe(write("import json\ndef recipe(client):\n    yield json.loads('{')\n"))
    with pytest.raises(ExecutionError, match=r"\(some_recipe.py:3, in recipe\): JSONDecodeError"):
        rows_of(recipe)


@pytest.mark.parametrize(("word", "code"), [("7", 7), ("'no stock'", 1)])
def test_a_recipe_that_exits_with_a_code_failed(write: Callable[[str], str], word: str, code: int) -> None:
    recipe = load_recipe(write(f"import sys\ndef recipe(client):\n    yield {{}}\n    sys.exit({word})\n"))
    reason = word.strip("'")
    with pytest.raises(
        ExecutionError, match=rf"\(some_recipe.py:4, in recipe\): SystemExit: {reason}"
    ) as caught:
        rows_of(recipe)
    assert (caught.value.exit_code, exit_code_of(caught.value)) == (code, 1)


@pytest.mark.parametrize("word", ["", "0", "None"])
def test_a_recipe_that_exits_without_a_code_is_done(write: Callable[[str], str], word: str) -> None:
    recipe = load_recipe(
        write(f"import sys\ndef recipe(client):\n    yield {{'n': 1}}\n    sys.exit({word})\n")
    )
    assert rows_of(recipe) == [{"n": 1}]


@pytest.mark.parametrize(("word", "code"), [("", 0), ("7", 7)])
def test_a_recipe_that_exits_while_imported_is_none(
    write: Callable[[str], str], word: str, code: int
) -> None:
    with pytest.raises(ExecutionError, match="cannot be imported") as caught:
        load_recipe(write(f"import sys\nsys.exit({word})"))
    assert caught.value.exit_code == code


def test_typed_errors_pass_as_they_are(write: Callable[[str], str]) -> None:
    source = "from cmdop_browser.exceptions import BrowserTimeoutError as E\ndef recipe(client): raise E('x')"
    with pytest.raises(BrowserTimeoutError):
        rows_of(load_recipe(write(source)))


@pytest.mark.parametrize("result", ["None", "'text'", "{'a': 1}", "[1]", "['text']"])
def test_what_is_no_row_is_refused(write: Callable[[str], str], result: str) -> None:
    with pytest.raises(ExecutionError, match="row"):
        rows_of(load_recipe(write(f"def recipe(client): return {result}")))


def test_no_rows_are_a_failure_of_their_own() -> None:
    with pytest.raises(NoRowsError) as caught:
        list(require_rows([], "books"))
    assert exit_code_of(caught.value) == 5
    assert list(require_rows([], "books", allow_empty=True)) == []


def nested(depth: int) -> list[Any]:
    outer: list[Any] = []
    for _ in range(depth):
        outer = [outer]
    return outer


LOOP: dict[str, Any] = {}
LOOP["itself"] = LOOP


@pytest.mark.parametrize("value", [object(), LOOP, float("nan"), nested(100_000), {(1, 2): 3}])
def test_a_row_without_a_json_form_is_named_with_its_field(value: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"n": 1}, {"n": 2, "bad": value}]
    with pytest.raises(ExecutionError, match=r"recipe books: row 2, field 'bad': .") as caught:
        write_rows(rows, "books", path, Output(), Tally())
    assert exit_code_of(caught.value) == 1
    assert not path.exists()


def test_a_row_that_holds_itself_is_named() -> None:
    row: dict[str, Any] = {"n": 1}
    row["itself"] = row
    with pytest.raises(ExecutionError, match="row 1, field 'itself'"):
        write_rows([row], "books", None, Output(), Tally())
