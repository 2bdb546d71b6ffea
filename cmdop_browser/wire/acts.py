"""Acts by their public names, where client and agent have to agree on what they do."""

from __future__ import annotations

from typing import Final

FILLS_IN: Final = frozenset({"check", "fill", "select_option", "type", "uncheck", "upload"})
"""Acts that leave something in a document's fields."""
