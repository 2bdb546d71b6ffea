"""The version of client and agent, in one place."""

__version__ = "0.1.0"
