"""All that touches Playwright and the browsers it drives."""
