"""``python -m cmdop_browser`` is ``cmdop-browser``."""

import sys

from cmdop_browser.cli import main

if __name__ == "__main__":
    sys.exit(main())
