"""Failing calls on realistic pages, each with the one cause that is true.

The lists in `states`, `reach`, `places`, `calls`, `walls`, `ordinary` and `typos` read as documentation of
the diagnosis. ``python -m tests.corpus`` runs them against a real agent and prints the score.
"""
