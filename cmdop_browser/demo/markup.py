"""HTML from files with ``$placeholders``: every value is escaped unless it is markup already."""

import functools
import json
from collections.abc import Iterable
from html import escape
from importlib import resources
from string import Template
from typing import Any


class Html(str):
    """Text that is markup already and is inserted as it is."""

    __slots__ = ()


NOTHING = Html()


@functools.cache
def _template(name: str) -> Template:
    return Template(resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8"))


def render(template: str, **values: object) -> Html:
    """Fill the file *template* of the package's ``templates`` directory.

    Raises:
        KeyError: The template has a placeholder for which there is no value.
    """
    return Html(_template(template).substitute({name: _escaped(value) for name, value in values.items()}))


def _escaped(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))


def join(parts: Iterable[Html]) -> Html:
    """Put pieces of markup one below the other."""
    return Html("\n".join(parts))


def json_in_script(value: Any) -> Html:
    """Return *value* as JSON that cannot end the ``<script>`` element it stands in."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return Html(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
