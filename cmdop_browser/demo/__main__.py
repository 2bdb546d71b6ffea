"""Serve the demo shop for people: ``python -m cmdop_browser.demo --port 0``."""

import argparse
import signal
import sys

from cmdop_browser.demo.server import DemoSite


def main() -> int:
    """Serve until Ctrl+C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m cmdop_browser.demo", description="Serve the demo book shop."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8080, help="port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--latency", type=float, default=0.25, help="seconds its JSON takes (default: %(default)s)"
    )
    options = parser.parse_args()
    # Blocked before the server's thread starts, so that no thread is interrupted and `sigwait` gets them.
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        with DemoSite(host=options.host, port=options.port, latency=options.latency) as site:
            sys.stdout.write(f"Quire is open at {site.url} (Ctrl+C closes it)\n")
            sys.stdout.flush()
            signal.sigwait(stops)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
