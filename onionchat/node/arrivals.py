"""What came in, as `up --on-message` tells it: enough to ring a bell and to ask further.

The text is left out unless the person asked for it. Keys that do not apply are null.
"""

from collections.abc import Callable
from typing import Any, Never

import msgspec

from onionchat.node.clock import rfc3339
from onionchat.node.profile import Profile
from onionchat.store import messages, requests


class Arrival(msgspec.Struct, frozen=True):
    """`kind`: text, unsupported and notice as in `receive`, or request, which has a `number`."""

    kind: str
    id: str | None = None
    contact: str | None = None
    conversation: str | None = None
    number: int | None = None
    at: str | None = None
    text: str | None = None


async def tell(
    profile: Profile, since: int, ring: Callable[[dict[str, Any]], None], *, with_text: bool
) -> Never:
    """`ring` for each message and request after the cursor `since`, for ever."""
    async for event in profile.feed.follow(since):
        arrival = None
        if event.method == "message.received":
            arrival = await profile.db.run(_message, event.params["cursor"])
        elif event.method == "request.received":
            arrival = await profile.db.run(_request, event.params["number"])
        if arrival is not None:
            told = msgspec.structs.asdict(arrival)
            ring(told if with_text else {key: told[key] for key in told if key != "text"})
    raise AssertionError("events never end")


def _message(cursor: int) -> Arrival | None:
    """None: it has been deleted since."""
    rows = messages.since(cursor - 1, None, 1)
    if not rows or rows[0].cursor != cursor:
        return None
    row = rows[0]
    where = f"{row.conversation:x}"
    return Arrival(
        row.kind, row.message_id.hex(), row.contact, where, at=rfc3339(row.at), text=row.text
    )


def _request(number: int) -> Arrival | None:
    """None: it has been answered since."""
    row = requests.by_number(number)
    if row is None:
        return None
    return Arrival("request", number=number, at=rfc3339(row.at), text=row.text)
