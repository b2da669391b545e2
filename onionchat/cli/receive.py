"""`receive`: what has come in, each message at least once, marked as read only when shown.

The node never marks anything because somebody asked. This command prints a row, flushes
it, and then acknowledges it, so a crash in between repeats a message and never loses one.
Following reads by cursor and not by mark: two that follow both get everything.
"""

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from onionchat.cli import params
from onionchat.cli.ask import connect
from onionchat.cli.conversation import Lines
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, option
from onionchat.errors import UndeliveredError

if TYPE_CHECKING:
    from onionchat.rpc.client import Client

PAGE = 50
"""Messages asked for at once, so that no answer grows without bound."""

Row = dict[str, Any]


@click.command(
    "receive",
    cls=Command,
    examples=(
        "onionchat receive                 what is unread; marks it as read",
        "onionchat receive --follow        go on with what comes in, until Ctrl-C",
        "onionchat receive bob --timeout 60 --limit 1      wait for one message",
        "onionchat --json receive --follow                 for a script",
    ),
)
@click.argument("name", type=params.person, required=False)
@option("--follow", is_flag=True, help="Go on with what comes in, until Ctrl-C.")
@option(
    "--timeout",
    type=params.seconds,
    metavar="S",
    help="Wait S seconds for the first message; exit code 5 if none comes.",
)
@option("--limit", type=click.IntRange(min=1, max=2**31), metavar="N", help="At most N messages.")
@option("--peek", is_flag=True, help="Do not mark them as read.")
@option(
    "--since",
    type=click.IntRange(min=0, max=2**62),
    metavar="CURSOR",
    help="Everything after this cursor, read or not; marks nothing.",
)
@click.pass_obj
def receive(
    invocation: Invocation,
    name: str | None,
    follow: bool,
    timeout: float | None,
    limit: int | None,
    peek: bool,
    since: int | None,
) -> None:
    """Show unread messages, of everybody or of NAME, and mark them as read."""
    with connect(invocation) as client:
        inbox = Inbox(invocation, client, name, marks=not peek and since is None)
        if not follow:
            if not inbox.read(since, timeout, limit):
                invocation.out.note("nothing unread" if since is None else "nothing newer")
            return
        with connect(invocation) as bell:
            inbox.follow(bell, since, timeout, limit)


class Inbox:
    """What one `receive` reads, shows and marks."""

    def __init__(
        self, invocation: Invocation, client: "Client", name: str | None, *, marks: bool
    ) -> None:
        self._client = client
        self._name = name
        self._marks = marks
        self._lines = Lines(invocation.out)
        self.shown = 0

    def read(self, since: int | None, timeout: float | None, limit: int | None) -> set[int]:
        """Show what is there, or what comes first within `timeout`; the cursors shown.

        In pages where a page leads to the next: by marking what was shown, or by cursor.
        """
        cursors: set[int] = set()
        while limit is None or self.shown < limit:
            left = None if limit is None else limit - self.shown
            page = left if self._peeks(since) else min(PAGE, left or PAGE)
            rows = self._ask(since, timeout if not cursors else None, page)
            self._show(rows)
            cursors |= {row["cursor"] for row in rows}
            if self._peeks(since) or len(rows) < PAGE:
                break
            if since is not None:
                since = rows[-1]["cursor"]
        return cursors

    def _peeks(self, since: int | None) -> bool:
        return not self._marks and since is None

    def follow(
        self, bell: "Client", since: int | None, timeout: float | None, limit: int | None
    ) -> None:
        """Show what is there, then what comes in, for ever or up to `limit`.

        The subscription begins before the first reading, so nothing falls in between.
        """
        newest = bell.call("subscribe", since=since)["cursor"]
        deadline = None if timeout is None else monotonic() + timeout
        known = self.read(since, None, limit)
        position = newest if since is None else max(known, default=since)
        while limit is None or self.shown < limit:
            self._wait(bell, deadline if self.shown == 0 else None)
            while rows := self._ask(position, None, PAGE):
                position = rows[-1]["cursor"]
                new = [row for row in rows if row["cursor"] not in known]
                self._show(new if limit is None else new[: limit - self.shown])

    def _wait(self, bell: "Client", deadline: float | None) -> None:
        """Until the node says that a message was received; UndeliveredError at the deadline."""
        method = ""
        while method != "message.received":
            left = None if deadline is None else max(deadline - monotonic(), 0.001)
            try:
                method = bell.notification(left)["method"]
            except TimeoutError:
                raise UndeliveredError(
                    "no message came in that time", "wait longer with --timeout"
                ) from None

    def _ask(self, since: int | None, timeout: float | None, limit: int | None) -> list[Row]:
        rows: list[Row] = self._client.call(
            "receive",
            name=self._name,
            limit=limit,
            since=since,
            timeout=timeout,
            peek=not self._marks,
        )
        return rows

    def _show(self, rows: list[Row]) -> None:
        """Print and flush each, then mark them."""
        for row in rows:
            self._lines.show(row, row["contact"], list(_remarks(row)))
            self.shown += 1
        if rows and self._marks:
            self._client.call("receive.ack", cursors=[row["cursor"] for row in rows])


def _remarks(row: Row) -> Iterator[str]:
    if row["missing"]:
        yield f"{row['missing']} missing before this"
    if row["late"]:
        yield "late"
