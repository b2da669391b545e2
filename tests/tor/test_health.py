from collections.abc import Sequence

import pytest

from onionchat.tor.bootstrap import PATIENCE
from onionchat.tor.events import Bootstrap, Circuits, ClockDoubted, ClockSkew, Event, Liveness
from onionchat.tor.health import Health, clock_sentence

DONE = Bootstrap(100, "done", "Done", None)
STARTING = Bootstrap(0, "starting", "Starting", None)
CONNECTED = Bootstrap(10, "conn_done", "Connected to a relay", None)


def after(*events: Event, bridges: bool = False) -> Health:
    """One event a second, the first at second 1."""
    health = Health(STARTING, circuits=False, bridges=bridges)
    for second, event in enumerate(events, 1):
        health.take(event, second)
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


REFUSED = Bootstrap(5, "conn", "Connecting to a relay", "Connection refused")
SLOW = ClockSkew(-7200)
BEHIND = "this machine's clock is 120 min behind, and tor needs the right time: set it"
HANDSHAKE = Bootstrap(14, "handshake", "Handshaking with a relay", "DONE")
YEARS = "this machine's clock seems to be wrong, and tor needs the right time: set it"
TRIED = "Connection refused; it is tried again by itself"


@pytest.mark.parametrize(
    ("events", "warning"),
    [
        ([REFUSED], TRIED),
        ([REFUSED, CONNECTED], None),
        ([REFUSED, SLOW], BEHIND),
        ([SLOW, CONNECTED], BEHIND),
        ([SLOW, DONE], None),
        ([HANDSHAKE, ClockDoubted()], YEARS),
        ([HANDSHAKE, ClockDoubted(), HANDSHAKE], YEARS),
        ([HANDSHAKE, ClockDoubted(), DONE], None),
        ([DONE, ClockDoubted()], None),
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
    assert "out of date" in (Health(DONE, circuits=False, version_status=said).warning or "")


def test_that_a_relay_hangs_up_is_said_so() -> None:
    health = after(Bootstrap(14, "handshake", "Handshaking with a relay", "DONE"))
    assert health.warning == "the other side has hung up; it is tried again by itself"


def test_a_network_that_swallows_everything_is_named_when_patience_is_over() -> None:
    """tor itself says nothing at all then."""
    health = after(CONNECTED)
    assert health.wake() == 1 + PATIENCE
    health.look(PATIENCE)
    assert health.warning is None
    health.look(1 + PATIENCE)
    assert "this network blocks tor; try a bridge: `onionchat up --bridge" in str(health.warning)
    assert health.wake() is None, "nothing more comes of waiting"


def test_complaints_do_not_extend_patience_and_are_quoted() -> None:
    health = after(REFUSED, REFUSED, REFUSED)
    health.look(1 + PATIENCE)
    assert "(Connection refused): it looks as if" in (health.warning or "")


def test_progress_ends_the_standstill_and_begins_patience_anew() -> None:
    health = after(REFUSED)
    health.look(1 + PATIENCE)
    health.take(CONNECTED, 30)
    assert (health.warning, health.wake()) == (None, 30 + PATIENCE)


@pytest.mark.parametrize("percent", [15, 25, 100])
def test_once_a_relay_has_answered_the_network_is_not_blamed(percent: int) -> None:
    health = after(Bootstrap(percent, "x", "X", None))
    assert health.wake() is None
    health.look(1000)
    assert health.warning is None


@pytest.mark.parametrize(
    ("events", "bridges", "words"),
    [
        ([CONNECTED], True, "try another one"),
        ([], True, "the program that speaks to the bridge fails"),
        ([], False, "blocks tor"),
        ([Bootstrap(5, "conn", "", "Network is unreachable")], False, "seems to have no network"),
        ([Bootstrap(5, "conn", "", "No route to host")], False, "blocks tor"),
        ([CONNECTED, SLOW], False, "clock is 120 min behind"),
    ],
)
def test_the_likely_cause(events: Sequence[Event], bridges: bool, words: str) -> None:
    health = after(*events, bridges=bridges)
    health.look(100)
    assert words in (health.warning or "")


@pytest.mark.parametrize(
    ("bootstrap", "step"),
    [
        (STARTING, "starting"),
        (Bootstrap(14, "handshake", "H", None), "handshaking with a relay"),
        (Bootstrap(80, "ap_conn", "A", None), "calling the first relay of a path"),
        (Bootstrap(50, "of_tomorrow", "In tor's words", None), "In tor's words"),
        (DONE, None),
    ],
)
def test_the_step_in_plain_words(bootstrap: Bootstrap, step: str | None) -> None:
    assert Health(bootstrap, circuits=True).step == step
