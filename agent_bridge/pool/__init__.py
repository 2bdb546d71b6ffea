"""Who may have a session, for how long, and what becomes of it."""
