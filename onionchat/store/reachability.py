"""Whether strangers are to find us at the identity's onion: what the person has said of it.

Without a row nobody has said anything: they are.
"""

from dataclasses import dataclass

from onionchat.store import term
from onionchat.store.ending import Uptime
from onionchat.store.models import Reachability
from onionchat.store.prepared import Prepared
from onionchat.types import Millis


@dataclass(frozen=True, slots=True)
class Reachable:
    """`until`: when it ends by itself; `left`: milliseconds to that. `decided`: the person has
    said so; `told`: that they could."""

    on: bool
    until: Millis | None = None
    left: int | None = None
    decided: bool = False
    told: bool = False


def load(now: Millis, uptime: Uptime) -> Reachable:
    """As it is now; what is over is off from now on."""
    said = _SAID.first()
    if said is None:
        return Reachable(on=True)
    wanted, since, until, told = said
    if not wanted or until is None:
        return Reachable(bool(wanted), decided=since > 0, told=bool(told))
    row = Reachability.get()
    left = term.left(row, now, uptime)
    if left <= 0:
        row.wanted, row.until = False, None
        row.save()
        return Reachable(on=False, decided=True, told=row.told)
    return Reachable(True, row.until, left, decided=True, told=row.told)


def is_off() -> bool:
    """As it was when it was last looked at."""
    return _OFF.first() is not None


def save(on: bool, given: int | None, now: Millis, uptime: Uptime) -> None:
    """The person says so; `given`: for so many milliseconds."""
    until = None if given is None else now + given
    over_at = None if given is None else term.over_at(given, uptime)
    Reachability.replace(
        id=1, wanted=on, since=now, until=until, boot=uptime.boot, over_at=over_at, told=True
    ).execute()


def tell() -> None:
    """They have been told that they could turn it off."""
    fresh = {"id": 1, "wanted": True, "since": 0, "told": True}
    Reachability.insert(**fresh).on_conflict_ignore().execute()


_SAID = Prepared(
    lambda: Reachability.select(
        Reachability.wanted, Reachability.since, Reachability.until, Reachability.told
    )
)
_OFF = Prepared(lambda: Reachability.select(Reachability.id).where(~Reachability.wanted))
