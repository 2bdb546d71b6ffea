"""Print the score: ``python -m tests.corpus [words that names or causes contain]``."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from tests.agents import RunningAgent
from tests.corpus import score
from tests.corpus.everything import EVERYTHING
from tests.corpus.runner import run
from tests.corpus.site import CorpusSite
from tests.flavours import Flavour


def main() -> None:
    words = [word.lower() for word in sys.argv[1:]]
    chosen = [
        situation
        for situation in EVERYTHING
        if not words
        or any(word in f"{situation.name} {situation.cause} {situation.path}".lower() for word in words)
    ]
    with RunningAgent() as agent, CorpusSite() as site:
        os.environ["CMDOP_RUNTIME_DIR"] = str(agent.runtime_dir)
        started = time.monotonic()
        results = asyncio.run(run(chosen, site, Flavour("async")))
        spent = time.monotonic() - started
    for heading, part in (
        ("misses", score.misses(results)),
        ("by cause", score.by_cause(results)),
        ("slowest", score.slowest(results)),
        (f"{len(results)} situations in {spent:.0f} s", str(score.Score.of(results))),
    ):
        sys.stdout.write(f"\n{heading}\n{part}\n")


if __name__ == "__main__":
    main()
