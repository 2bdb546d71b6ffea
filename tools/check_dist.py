"""``python -m tools.check_dist dist`` proves that what was built can be installed and used.

The wheel is made again from the sdist, in an empty environment, as ``pip install``
does it for people: so the sdist is complete, too. Every module must import there,
without this checkout, and the demo must run, for which there must be a browser.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

ROOT: Final = Path(__file__).resolve().parents[1]

NEEDED_IN_WHEEL: Final = (
    "agent_bridge/__main__.py",
    "cmdop_browser/_sync/client.py",
    "cmdop_browser/demo/catalog.toml",
    "cmdop_browser/demo/recipes/books.py",
    "cmdop_browser/demo/static/",
    "cmdop_browser/demo/templates/",
    "cmdop_browser/py.typed",
    "cmdop_browser/wire/v1/agent.proto",
    "cmdop_browser/wire/v1/agent_pb2.pyi",
    "cmdop_browser/wire/v1/agent_pb2_grpc.py",
)
NEEDED_IN_SDIST: Final = (
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs/",
    "recipes/books.py",
    "requirements-dev.lock",
    "tests/",
    "tools/gen/",
)
# What only a checkout has; it would shadow or bloat what is installed.
UNWANTED_IN_WHEEL: Final = ("tests/", "tools/", "recipes/", "docs/", ".ci/", ".cache/")

_IMPORT_ALL: Final = """
import importlib, pkgutil, sys, warnings
warnings.simplefilter("error")
for name in ("cmdop_browser", "agent_bridge"):
    package = importlib.import_module(name)
    assert "site-packages" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.endswith("__main__") and ".recipes." not in module.name:
            importlib.import_module(module.name)
"""


class CheckError(Exception):
    """What was built is not fit to be published."""


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_dist", description=__doc__)
    parser.add_argument("directory", type=Path, help="where exactly one wheel and one sdist are")
    directory = parser.parse_args().directory
    try:
        check(directory)
    except (CheckError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write("wheel and sdist are complete, and work on their own\n")
    return 0


def check(directory: Path) -> None:
    """Check the wheel and the sdist in *directory*.

    Raises:
        CheckError: Something is missing, or is there that should not be.
        subprocess.CalledProcessError: It does not install, import or run.
    """
    with zipfile.ZipFile(_only(directory.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    require(NEEDED_IN_WHEEL, names, "the wheel")
    refuse(UNWANTED_IN_WHEEL, names, "the wheel")
    sdist = _only(directory.glob("*.tar.gz"))
    with tarfile.open(sdist) as archive:
        require(NEEDED_IN_SDIST, [name.partition("/")[2] for name in archive.getnames()], "the sdist")
    with tempfile.TemporaryDirectory() as scratch:
        check_installed(sdist, Path(scratch))


def check_installed(sdist: Path, scratch: Path) -> None:
    """Install *sdist* into an empty environment and use it there.

    Raises:
        subprocess.CalledProcessError: It does not install, import or run.
    """
    venv.create(scratch / "venv", with_pip=True)
    programs = scratch / "venv" / "bin"
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
    # The locked versions first, so that an upload of today does not decide about this build.
    _run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], scratch)
    _run([*pip, str(sdist.resolve())], scratch)
    _run([str(programs / "python"), "-m", "pip", "check", "--quiet"], scratch)
    _run([str(programs / "python"), "-c", _IMPORT_ALL], scratch)
    _run([str(programs / "cmdop-browser"), "--version"], scratch)
    _run([str(programs / "cmdop-browser"), "demo", "--json"], scratch)


def require(needed: Iterable[str], names: Collection[str], where: str) -> None:
    """Make sure that each of *needed* is among *names*, a directory with something in it.

    Raises:
        CheckError: Naming what is missing.
    """
    missing = [path for path in needed if not any(_is_at(name, path) for name in names)]
    if missing:
        raise CheckError(f"{where} lacks {', '.join(missing)}")


def refuse(unwanted: Iterable[str], names: Iterable[str], where: str) -> None:
    """Make sure that none of *unwanted* is among *names*.

    Raises:
        CheckError: Naming what is there.
    """
    found = [name for name in names if any(_is_at(name, path) for path in unwanted)]
    if found:
        raise CheckError(f"{where} holds {', '.join(found[:5])}")


def _is_at(name: str, path: str) -> bool:
    return name.startswith(path) and name != path if path.endswith("/") else name == path


def _only(paths: Iterable[Path]) -> Path:
    found = list(paths)
    if len(found) != 1:
        raise CheckError(
            f"there is to be one such file, and there are: {', '.join(map(str, found)) or 'none'}"
        )
    return found[0]


def _run(command: list[str], directory: Path) -> None:
    # Not in the checkout, which could stand in for what was not installed.
    subprocess.run(command, cwd=directory, check=True)  # noqa: S603 -- our own programs


if __name__ == "__main__":
    sys.exit(main())
