"""How tor is, folded from its events: the state, the percent, the step, and one warning.

A warning stays until its cause is gone: tor's own words while it cannot bootstrap, a
clock that is off until a bootstrap succeeded after all (one that is years off until a relay
has answered), an outdated tor for ever. Times are
the caller's clock: a network that swallows everything makes no event, so `wake` says when
to look.
"""

from onionchat.tor import bootstrap as way_in
from onionchat.tor.events import Bootstrap, Circuits, ClockDoubted, ClockSkew, Event, Liveness
from onionchat.tor.status import State

DONE = 100

_OUTDATED = ("obsolete", "unrecommended")


class Health:
    """One tor, from the first answer on one connection to its end."""

    def __init__(
        self,
        bootstrap: Bootstrap,
        *,
        circuits: bool,
        version_status: str = "",
        bridges: bool = False,
        now: float = 0,
    ) -> None:
        self._bootstrap = bootstrap
        self._moved = now
        self._stands = False
        self._skew: int | None = None
        self._doubted = False
        self._circuits = circuits
        self._bridges = bridges
        self._live = True
        self._outdated = version_status in _OUTDATED

    def take(self, event: Event, now: float) -> None:
        match event:
            case Bootstrap(percent=percent):
                if percent != self.percent:
                    self._moved, self._stands, self._doubted = now, False, False
                self._bootstrap = event
                if percent == DONE:
                    self._skew = None
            case Circuits(established=established):
                self._circuits = established
            case Liveness(up=up):
                self._live = up
            case ClockSkew(seconds=seconds):
                self._skew = seconds
            case ClockDoubted():
                self._doubted = self.percent < way_in.ENTERED
            case _:
                pass

    def wake(self) -> float | None:
        """When to `look`, if nothing happens before."""
        waits = self.percent < way_in.ENTERED and not self._stands
        return self._moved + way_in.PATIENCE if waits else None

    def look(self, now: float) -> None:
        """The time is `now`: does tor stand still?"""
        due = self.wake()
        self._stands = self._stands or (due is not None and now >= due)

    @property
    def percent(self) -> int:
        return self._bootstrap.percent

    @property
    def step(self) -> str | None:
        """What it is doing now, while it is not in the network."""
        return way_in.step(self._bootstrap) if self.percent < DONE else None

    @property
    def can_build(self) -> bool:
        """Whether tor can build circuits: liveness is only a hint and does not count."""
        return self.percent == DONE and self._circuits

    @property
    def state(self) -> State:
        if self.percent < DONE:
            return "bootstrapping"
        return "ready" if self._circuits and self._live else "degraded"

    @property
    def warning(self) -> str | None:
        if self._skew is not None:
            return clock_sentence(self._skew)
        if self._doubted:
            return "this machine's clock seems to be wrong, and tor needs the right time: set it"
        if self._stands:
            return way_in.standstill(self._bootstrap, bridges=self._bridges)
        if complaint := way_in.complaint(self._bootstrap):
            return complaint
        if self._outdated:
            return "this tor is out of date: update it (apt install tor)"
        return None


def clock_sentence(skew: int) -> str:
    """tor compares this clock with the network's; `skew` is ours minus theirs."""
    minutes = max(1, round(abs(skew) / 60))
    return (
        f"this machine's clock is {minutes} min {'ahead' if skew > 0 else 'behind'}, "
        "and tor needs the right time: set it"
    )
