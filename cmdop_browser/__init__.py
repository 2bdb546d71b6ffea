"""Browser automation for scraping, through an agent that survives."""
