"""Errors as HTML: a report to send to somebody, a card for a notebook."""

from __future__ import annotations
