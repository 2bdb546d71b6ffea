from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agent_bridge.browser.crashes import OomKills
from agent_bridge.supervision.cgroup import Cgroup
from tests.fakes.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path

UNIT = "system.slice/cmdop-agent.service"
MIB = 2**20


class Tree:
    """Files as cgroups(7) has them."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "cgroup"
        self.groups = directory / "groups"

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    def cgroup(self, *groups: str) -> Cgroup:
        self.groups.write_text("\n".join(groups) + "\n")
        return Cgroup(self.groups, self.root)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_unit_has_the_tightest_limit_of_those_around_it(tree: Tree) -> None:
    tree.write(f"{UNIT}/memory.max", "max")
    tree.write("system.slice/memory.max", str(900 * MIB))
    tree.write("memory.max", str(4000 * MIB))
    tree.write(f"{UNIT}/cpu.max", "150000 100000")
    tree.write("system.slice/cpu.max", "max 100000")
    tree.write(f"{UNIT}/memory.events", "low 0\noom 4\noom_kill 3")
    cgroup = tree.cgroup(f"0::/{UNIT}")
    assert cgroup.memory() == 900 * MIB
    assert cgroup.cpus() == 1.5
    assert cgroup.oom_kills() == 3


def test_a_container_sees_its_files_at_the_root(tree: Tree) -> None:
    tree.write("memory.max", str(512 * MIB))
    tree.write("cpu.max", "50000 100000")
    tree.write("memory.events", "oom_kill 1")
    for path in ("/", "/docker/0123456789ab"):
        cgroup = tree.cgroup(f"0::{path}")
        assert (cgroup.memory(), cgroup.cpus(), cgroup.oom_kills()) == (512 * MIB, 0.5, 1)


def test_version_1_has_a_tree_for_each_controller(tree: Tree) -> None:
    tree.write("memory/job/memory.limit_in_bytes", str(700 * MIB))
    tree.write("memory/memory.limit_in_bytes", str(2**63 - 4096))
    tree.write("memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2")
    tree.write("cpu/job/cpu.cfs_quota_us", "200000")
    tree.write("cpu/job/cpu.cfs_period_us", "100000")
    tree.write("cpu/cpu.cfs_quota_us", "-1")
    tree.write("cpu/cpu.cfs_period_us", "100000")
    cgroup = tree.cgroup("4:memory:/job", "2:cpu,cpuacct:/job", "1:name=systemd:/", "0::/")
    assert (cgroup.memory(), cgroup.cpus(), cgroup.oom_kills()) == (700 * MIB, 2.0, 2)


def test_without_control_groups_nothing_is_limited(tmp_path: Path) -> None:
    cgroup = Cgroup(tmp_path / "none", tmp_path)
    assert (cgroup.memory(), cgroup.cpus(), cgroup.oom_kills()) == (None, None, 0)


def test_an_end_for_want_of_memory_explains_only_what_comes_with_it(tree: Tree) -> None:
    clock = Clock()
    tree.write("memory.events", "oom_kill 7")
    kills = OomKills(tree.cgroup("0::/"), clock=clock)
    assert not kills.came()
    tree.write("memory.events", "oom_kill 9")
    assert kills.came()
    assert kills.came()  # the second of the two
    clock.now += 60
    assert not kills.came()


def test_one_that_had_to_do_with_no_page_of_the_browser_explains_none_that_ends_later(
    tree: Tree,
) -> None:
    clock = Clock()
    tree.write("memory.events", "oom_kill 0")
    kills = OomKills(tree.cgroup("0::/"), clock=clock)
    tree.write("memory.events", "oom_kill 1")
    kills.look()
    clock.now += 60
    assert not kills.came()
