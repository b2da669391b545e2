"""Ratchet sessions and their skipped keys, as opaque bytes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from onionchat.store.models import Session, SkippedKey
from onionchat.store.prepared import Prepared, argument
from onionchat.types import Millis, SessionId

HeaderKeyNumber = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """`sent` and `rcvd` count this session's envelopes, as a hello lists them."""

    id: int
    sid: SessionId
    role: str
    status: str
    state: bytes = field(repr=False)
    sent: int
    rcvd: int


def create(sid: SessionId, device: int, role: str, state: bytes, now: Millis) -> SessionRow:
    row: int = Session.insert(
        sid=sid,
        device=device,
        role=role,
        status="live",
        state=state,
        sent=0,
        rcvd=0,
        created_at=now,
    ).execute()
    return SessionRow(row, sid, role, "live", state, 0, 0)


def by_sid(sid: SessionId) -> SessionRow | None:
    row = _BY_SID.first(sid)
    return None if row is None else SessionRow(*row)


def by_device(device: int) -> list[SessionRow]:
    """Every session that may still open an envelope, newest first."""
    return [SessionRow(*row) for row in _USABLE(device)]


def live(device: int) -> list[SessionRow]:
    """What a hello may list, newest first."""
    return [row for row in by_device(device) if row.status == "live"]


def update(session: int, state: bytes, sent: int, rcvd: int) -> None:
    _UPDATE.change(state, sent, rcvd, session)


def set_status(sid: SessionId, status: str) -> None:
    Session.update(status=status).where(Session.sid == sid).execute()


def all_live() -> list[SessionId]:
    """Of everybody."""
    return [sid for (sid,) in Session.select(Session.sid).where(Session.status == "live").tuples()]


def keep_receive_only(device: int, limit: int) -> None:
    """Delete retired sessions beyond the newest `limit`."""
    for row in [row for row in by_device(device) if row.status == "receive_only"][limit:]:
        Session.delete().where(Session.id == row.id).execute()


def skipped(session: int) -> dict[HeaderKeyNumber, bytes]:
    """The message keys of envelopes that have not come yet, newest first."""
    rows = _SKIPPED(session)
    return {(header_key, number): message_key for header_key, number, message_key in rows}


def change_skipped(
    session: int, stored: Iterable[tuple[bytes, int, bytes]], gone: Iterable[HeaderKeyNumber]
) -> None:
    """Add keys, oldest first, then delete those that were used or evicted."""
    rows = [(session, header_key, number, key) for header_key, number, key in stored]
    columns = [
        SkippedKey.session, SkippedKey.header_key, SkippedKey.number, SkippedKey.message_key,
    ]  # fmt: skip
    for start in range(0, len(rows), 1000):
        SkippedKey.insert_many(rows[start : start + 1000], columns).execute()
    for header_key, number in gone:
        SkippedKey.delete().where(
            SkippedKey.session == session,
            SkippedKey.header_key == header_key,
            SkippedKey.number == number,
        ).execute()


def _select() -> Any:
    return Session.select(
        Session.id, Session.sid, Session.role, Session.status, Session.state, Session.sent,
        Session.rcvd,
    )  # fmt: skip


_BY_SID = Prepared(lambda: _select().where(Session.sid == argument(0)))
_USABLE = Prepared(
    lambda: (
        _select()
        .where(Session.device == argument(0), Session.status != "broken")
        .order_by(Session.id.desc())
    )
)
_UPDATE = Prepared(
    lambda: Session.update(state=argument(0), sent=argument(1), rcvd=argument(2)).where(
        Session.id == argument(3)
    )
)
_SKIPPED = Prepared(
    lambda: (
        SkippedKey.select(SkippedKey.header_key, SkippedKey.number, SkippedKey.message_key)
        .where(SkippedKey.session == argument(0))
        .order_by(SkippedKey.id.desc())
    )
)
