"""Messages of ours that end before they are known to have arrived: cancelled, or over.

What is over is decided by `boot` and `over_at`: a time on the kernel's clock, in the boot of
the machine in which it was queued. After a reboot that clock has begun anew, and `adopt`
gives a message a time on the new one, from what the wall clock says is left, and never more
than it was given. node/expiry.py has the rule for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from onionchat.store import events
from onionchat.store.models import Device, Outbox
from onionchat.store.outbox import OPEN
from onionchat.store.prepared import Prepared, argument, at_most
from onionchat.types import Millis


@dataclass(frozen=True, slots=True)
class Uptime:
    """The kernel's clock: milliseconds since this `boot` of the machine. It counts sleep and
    never jumps; of two boots it says nothing."""

    boot: bytes
    now: int


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A message of ours that is to end. `record` is set if it was numbered."""

    id: int
    shown: int
    record: bytes | None


def open_row(row: int) -> OpenRow:
    """The message of this outbox row."""
    found = _OPEN_ROW.first(row)
    assert found is not None
    return OpenRow(*found)


def end(rows: Sequence[OpenRow], state: str, now: Millis) -> None:
    """They are not sent, or not again."""
    _END.many((state, row.id) for row in rows)
    events.messages_state([row.shown for row in rows], state, now)


def adopt(device: int, uptime: Uptime, now: Millis) -> None:
    """What was queued for this device in another boot gets its time in this one."""
    _ADOPT.change(uptime.boot, uptime.now, now, device)


def adopt_all(uptime: Uptime, now: Millis) -> None:
    _ADOPT_ALL.change(uptime.boot, uptime.now, now)


def over(uptime: Uptime, limit: int) -> list[tuple[int, OpenRow]]:
    """Messages whose time is over, oldest first, each behind the contact it was for."""
    return [(contact, OpenRow(*row)) for contact, *row in _OVER(uptime.boot, uptime.now, limit)]


def next_over(uptime: Uptime) -> int | None:
    """When the next message of this boot is over, on its clock."""
    ((moment,),) = _NEXT(uptime.boot)
    return None if moment is None else int(moment)


def _expires() -> Any:
    return Outbox.expires_at.is_null(False) & Outbox.state.in_(OPEN)


def _adopted(*whose: Any) -> Any:
    left = fn.min(Outbox.expires_at - argument(2), Outbox.expires_at - Outbox.queued_at)
    another = (Outbox.boot < argument(0)) | (Outbox.boot > argument(0))
    change = Outbox.update(boot=argument(0), over_at=left + argument(1))
    return change.where(_expires(), another, *whose)


_ROW = (Outbox.id, Outbox.shown, Outbox.record)
_OPEN_ROW = Prepared(lambda: Outbox.select(*_ROW).where(Outbox.id == argument(0)))
_END = Prepared(lambda: Outbox.update(state=argument(0)).where(Outbox.id == argument(1)))
_ADOPT = Prepared(lambda: _adopted(Outbox.device == argument(3)))
_ADOPT_ALL = Prepared(_adopted)
_OVER = Prepared(
    lambda: (
        Outbox.select(Device.contact, *_ROW)
        .join(Device)
        .where(_expires(), Outbox.boot == argument(0), Outbox.over_at <= argument(1))
        .order_by(Outbox.id)
        .limit(at_most(2))
    )
)
_NEXT = Prepared(
    lambda: Outbox.select(fn.min(Outbox.over_at)).where(_expires(), Outbox.boot == argument(0))
)
