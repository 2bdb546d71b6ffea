"""The lock files say what pyproject.toml says, and nothing about the machine they were made on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-floor.lock"]

_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\$")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if match := _PIN.match(line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def runtime(project: dict[str, Any]) -> list[Requirement]:
    return [Requirement(text) for text in project["project"]["dependencies"]]


def group(project: dict[str, Any], name: str) -> list[Requirement]:
    entries = project["dependency-groups"][name]
    plain = [Requirement(entry) for entry in entries if isinstance(entry, str)]
    included = [entry["include-group"] for entry in entries if isinstance(entry, dict)]
    return plain + [each for inner in included for each in group(project, inner)]


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_pins_and_hashes_only(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "/" not in text, "a path or an address"
    for block in re.split(r"\n(?=[a-z])", text.partition("\n\n")[2] or text):
        if _PIN.match(block.partition("\n")[0]):
            assert "--hash=sha256:" in block, block
    kinds = {line.lstrip()[:1] for line in text.splitlines() if line.strip()}
    assert kinds <= set("#-abcdefghijklmnopqrstuvwxyz")
    assert all(
        line.lstrip().startswith("--hash=") for line in text.splitlines() if line.lstrip().startswith("-")
    )


@pytest.mark.parametrize(
    ("lock", "groups"),
    [("requirements.lock", []), ("requirements-dev.lock", ["dev"]), ("requirements-floor.lock", ["test"])],
)
def test_locks_hold_what_the_project_asks_for(project: dict[str, Any], lock: str, groups: list[str]) -> None:
    locked = pins(lock)
    for requirement in runtime(project) + [each for name in groups for each in group(project, name)]:
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {lock}: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_what_runs_is_what_was_tested() -> None:
    tested = pins("requirements-dev.lock")
    assert all(tested[name] == versions for name, versions in pins("requirements.lock").items())


def test_dependencies_have_lower_bounds_only(project: dict[str, Any]) -> None:
    for requirement in runtime(project):
        assert [spec.operator for spec in requirement.specifier] == [">="], requirement


def test_the_floor_is_the_lower_bounds(project: dict[str, Any]) -> None:
    locked = pins("requirements-floor.lock")
    for requirement in runtime(project):
        (bound,) = requirement.specifier
        (version,) = locked[canonicalize_name(requirement.name)]
        assert Version(version).release[:2] == Version(bound.version).release[:2], requirement
