"""How tor is, folded from its events: the state, the percent, and one warning sentence.

A warning stays until its cause is gone: tor's own words while it cannot bootstrap, a
clock that is off until a bootstrap succeeded after all, an outdated tor for ever.
"""

from onionchat.tor.events import Bootstrap, Circuits, ClockSkew, Event, Liveness
from onionchat.tor.status import State

DONE = 100

_OUTDATED = ("obsolete", "unrecommended")


class Health:
    """One tor, from the first answer on one connection to its end."""

    def __init__(self, bootstrap: Bootstrap, circuits: bool, version_status: str) -> None:
        self.percent = bootstrap.percent
        self._trouble = _trouble(bootstrap)
        self._skew: int | None = None
        self._circuits = circuits
        self._live = True
        self._outdated = version_status in _OUTDATED

    def take(self, event: Event) -> None:
        match event:
            case Bootstrap(percent=percent):
                self.percent = percent
                self._trouble = _trouble(event)
                if percent == DONE:
                    self._skew = None
            case Circuits(established=established):
                self._circuits = established
            case Liveness(up=up):
                self._live = up
            case ClockSkew(seconds=seconds):
                self._skew = seconds
            case _:
                pass

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
        if self._trouble:
            return f"tor is stuck at {self.percent} %: {self._trouble}"
        if self._outdated:
            return "this tor is out of date: update it (apt install tor)"
        return None


def _trouble(bootstrap: Bootstrap) -> str | None:
    """tor's own word, unless it is DONE: the far end closed, and the step itself says more."""
    return bootstrap.summary if bootstrap.warning == "DONE" else bootstrap.warning


def clock_sentence(skew: int) -> str:
    """tor compares this clock with the network's; `skew` is ours minus theirs."""
    minutes = max(1, round(abs(skew) / 60))
    return f"this machine's clock is {minutes} min {'ahead' if skew > 0 else 'behind'}: set it"
