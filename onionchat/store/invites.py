"""Invites that we made: an onion each, for one guest.

open -> used -> gone, or cancelled, or over. A used one stays for its guest alone, until they
know another place of ours: their first connection may have broken.
"""

from dataclasses import dataclass, field

from onionchat.store import inboxes, term
from onionchat.store.ending import Uptime
from onionchat.store.models import Invite
from onionchat.types import Millis


@dataclass(frozen=True, slots=True)
class InviteRow:
    """`number` is never used again; `device`: of the guest who came."""

    number: int
    name: str
    seed: bytes = field(repr=False)
    client_key: bytes = field(repr=False)
    token: bytes = field(repr=False)
    since: Millis
    until: Millis
    device: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The invites whose onions are to be up; `left`: milliseconds to the next change by itself,
    None: there is none."""

    rows: list[InviteRow]
    left: int | None


def create(new: InviteRow, uptime: Uptime) -> InviteRow:
    """With the next number, whatever it came with."""
    number = Invite.insert(
        name=new.name,
        seed=new.seed,
        client_key=new.client_key,
        token=new.token,
        since=new.since,
        until=new.until,
        boot=uptime.boot,
        over_at=term.over_at(new.until - new.since, uptime),
    ).execute()
    return all_rows(number)[0]


def all_rows(number: int | None = None) -> list[InviteRow]:
    """Oldest first; with a `number` that one, if it is there."""
    which = Invite.number == number if number is not None else True
    return [_row(row) for row in Invite.select().where(which).order_by(Invite.number)]


def standing(now: Millis, uptime: Uptime, spare: int) -> Standing:
    """What is over goes: an open invite at its end, a used one when its guest knows another place
    of ours, or `spare` milliseconds after its end."""
    rows, nearest = [], []
    for row in Invite.select().order_by(Invite.number):
        left = term.left(row, now, uptime) + (spare if row.device_id else 0)
        if left <= 0 or (row.device_id and inboxes.can_come(row.device_id)):
            row.delete_instance()
        else:
            rows.append(_row(row))
            nearest.append(left)
    return Standing(rows, min(nearest, default=None))


def use(number: int, device: int) -> None:
    """The guest has come."""
    Invite.update(device=device).where(Invite.number == number).execute()


def cancel(number: int) -> bool:
    """False: there is none, or it was used."""
    return bool(Invite.delete().where(Invite.number == number, Invite.device.is_null()).execute())


def shut_out(device: int) -> None:
    """Its guest is not to come any more."""
    Invite.delete().where(Invite.device == device).execute()


def _row(row: Invite) -> InviteRow:
    return InviteRow(
        *(row.number, row.name, row.seed, row.client_key, row.token),
        *(row.since, row.until, row.device_id),
    )
