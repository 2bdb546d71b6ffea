"""What the agent tells of itself: log, figures, metrics, traces."""
