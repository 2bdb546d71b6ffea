"""When a supervisor starts an agent again: numbers in, numbers out."""

from __future__ import annotations

from agent_bridge.supervision.respawn import Crashes, Policy

PATIENT = Policy(max_crashes=1000)


def delays(crashes: Crashes, count: int, *, apart: float = 1.0, uptime: float = 0.0) -> list[float | None]:
    return [crashes.delay_after(number * apart, uptime) for number in range(count)]


def test_delays_double_up_to_a_limit() -> None:
    crashes = Crashes(PATIENT, lambda: 1.0)
    assert delays(crashes, 10) == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


def test_jitter_takes_up_to_half_of_a_delay() -> None:
    assert delays(Crashes(PATIENT, lambda: 0.0), 3) == [0.1, 0.2, 0.4]
    real = delays(Crashes(PATIENT), 50)
    assert all(delay is not None and 0.1 <= delay <= 30.0 for delay in real)
    assert len(set(real[8:])) > 30


def test_an_agent_that_was_stable_starts_at_once_again() -> None:
    crashes = Crashes(PATIENT, lambda: 1.0)
    delays(crashes, 6)
    assert crashes.delay_after(100.0, uptime=59.9) == 12.8
    assert crashes.delay_after(200.0, uptime=60.0) == 0.2


def test_so_many_crashes_within_the_window_are_a_loop() -> None:
    crashes = Crashes(Policy(max_crashes=5, crash_window=60.0))
    assert None not in delays(crashes, 4, apart=15.0)
    assert crashes.delay_after(60.0, 0.0) is None
    assert len(crashes) == 5


def test_crashes_further_apart_are_none() -> None:
    assert None not in delays(Crashes(Policy(max_crashes=5, crash_window=60.0)), 100, apart=15.1)


def test_one_crash_can_be_too_many() -> None:
    assert Crashes(Policy(max_crashes=1)).delay_after(0.0, 1000.0) is None
