from collections.abc import Sequence

import pytest

from onionchat.tor.events import Bootstrap, Circuits, ClockSkew, Event, Liveness
from onionchat.tor.health import Health, clock_sentence

DONE = Bootstrap(100, "done", "Done", None)


def after(*events: Event) -> Health:
    health = Health(Bootstrap(0, "starting", "Starting", None), False, "unknown")
    for event in events:
        health.take(event)
    return health


@pytest.mark.parametrize(
    ("events", "state", "can_build"),
    [
        ([], "bootstrapping", False),
        ([Circuits(True)], "bootstrapping", False),
        ([DONE], "degraded", False),
        ([DONE, Circuits(True)], "ready", True),
        ([DONE, Circuits(True), Circuits(False)], "degraded", False),
        ([DONE, Circuits(True), Liveness(False)], "degraded", True),
        ([DONE, Circuits(True), Liveness(False), Liveness(True)], "ready", True),
    ],
)
def test_ready_is_a_bootstrap_and_circuits_and_liveness_only_a_hint(
    events: Sequence[Event], state: str, can_build: bool
) -> None:
    assert (after(*events).state, after(*events).can_build) == (state, can_build)


STUCK = Bootstrap(5, "conn", "Connecting", "No route to host")
SLOW = ClockSkew(-7200)
BEHIND = "this machine's clock is 120 min behind: set it"


@pytest.mark.parametrize(
    ("events", "warning"),
    [
        ([STUCK], "tor is stuck at 5 %: No route to host"),
        ([STUCK, Bootstrap(10, "conn_done", "Connected", None)], None),
        ([STUCK, SLOW], BEHIND),
        ([SLOW, Bootstrap(10, "conn_done", "Connected", None)], BEHIND),
        ([SLOW, DONE], None),
        ([DONE, SLOW], BEHIND),
    ],
)
def test_a_warning_goes_with_its_cause(events: Sequence[Event], warning: str | None) -> None:
    assert after(*events).warning == warning


@pytest.mark.parametrize(("skew", "words"), [(3600, "60 min ahead"), (-20, "1 min behind")])
def test_the_clock_sentence(skew: int, words: str) -> None:
    assert words in clock_sentence(skew)


@pytest.mark.parametrize("said", ["obsolete", "unrecommended"])
def test_an_outdated_tor_is_said_so(said: str) -> None:
    assert "out of date" in (Health(DONE, True, said).warning or "")


def test_a_relay_that_hangs_up_is_told_by_the_step_it_happened_in() -> None:
    health = Health(Bootstrap(14, "handshake", "Handshaking with a relay", "DONE"), False, "new")
    assert health.warning == "tor is stuck at 14 %: Handshaking with a relay"
