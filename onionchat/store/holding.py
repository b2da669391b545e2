"""Messages of ours that are to leave later: held back until their moment.

The moment is a time on the kernel's clock in the boot in which it was queued; after a reboot
the wall clock says what is left, and never more than it was (ending.py has the same rule). What
is held has `not_before`; releasing it takes that away, and then it is a message like any.
"""

from dataclasses import dataclass
from typing import Any

from peewee import fn

from onionchat.store.ending import Uptime
from onionchat.store.models import Device, Outbox
from onionchat.store.outbox import OPEN
from onionchat.store.prepared import Prepared, argument
from onionchat.types import Millis


@dataclass(frozen=True, slots=True)
class Moment:
    """When a message is to leave: in Unix time, and on the clock that decides."""

    at: Millis
    boot: bytes
    leaves_at: int


def hold(shown: int, moment: Moment) -> None:
    """The message that was queued a moment ago waits."""
    change = Outbox.update(not_before=moment.at, held_boot=moment.boot, leaves_at=moment.leaves_at)
    change.where(Outbox.shown == shown).execute()


def adopt(uptime: Uptime, now: Millis) -> None:
    """What was queued in another boot gets its moment in this one."""
    for part in _ADOPT:
        part.change(uptime.boot, uptime.now, now)


def release(uptime: Uptime) -> set[int]:
    """What was held long enough may leave; the contacts it is for."""
    due = (uptime.boot, uptime.now)
    contacts = {contact for (contact,) in _DUE(*due)}
    if contacts:
        _RELEASE.change(*due)
    return contacts


def next_moment(uptime: Uptime) -> int | None:
    ((moment,),) = _NEXT(uptime.boot)
    return None if moment is None else int(moment)


def _held(*which: Any) -> Any:
    return (Outbox.not_before.is_null(False), Outbox.state.in_(OPEN), *which)


def _adopt(another: Any) -> Any:
    left = fn.min(Outbox.not_before - argument(2), Outbox.not_before - Outbox.queued_at)
    change = Outbox.update(held_boot=argument(0), leaves_at=left + argument(1))
    return change.where(*_held(another))


def _due() -> Any:
    return _held(Outbox.held_boot == argument(0), Outbox.leaves_at <= argument(1))


_ADOPT = (
    Prepared(lambda: _adopt(Outbox.held_boot < argument(0))),
    Prepared(lambda: _adopt(Outbox.held_boot > argument(0))),
)
_DUE = Prepared(lambda: Outbox.select(Device.contact).join(Device).where(*_due()).distinct())
_RELEASE = Prepared(
    lambda: Outbox.update(not_before=None, held_boot=None, leaves_at=None).where(*_due())
)
_NEXT = Prepared(
    lambda: Outbox.select(fn.min(Outbox.leaves_at)).where(*_held(Outbox.held_boot == argument(0)))
)
