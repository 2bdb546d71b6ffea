"""Processes: who belongs to us, whether they live, and how they end."""
