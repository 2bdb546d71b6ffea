"""How things show themselves in a notebook."""

from __future__ import annotations

import html
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def table(caption: str, rows: Mapping[str, object]) -> str:
    """A table of names and values, each as text and never as markup."""
    body = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in rows.items()
    )
    return f"<table><caption>{html.escape(caption)}</caption>{body}</table>"


def fields_of(model: Any) -> dict[str, object]:
    """The rows for a dataclass: its fields."""
    return {item.name.replace("_", " "): getattr(model, item.name) for item in fields(model)}
