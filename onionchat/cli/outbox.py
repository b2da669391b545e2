"""`outbox list` and `outbox cancel`: what waits, for whom, since when, and why."""

from typing import Any

import click

from onionchat.cli import params
from onionchat.cli.ask import ask, ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, Group
from onionchat.cli.output import local, table
from onionchat.cli.render import line

PAGE = 500
"""As many rows as the node gives at once."""


@click.group(
    "outbox",
    cls=Group,
    examples=(
        "onionchat outbox list          what waits, and why",
        "onionchat outbox cancel ID     do not send it",
    ),
)
def outbox() -> None:
    """Messages of yours that are not known to have arrived."""


@outbox.command("list", cls=Command, examples=("onionchat outbox list",))
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List what waits, oldest first."""
    after, rows = None, ask_anyway(invocation, "outbox.list", after=None)
    if not rows:
        invocation.out.note("nothing waits")
    while rows:
        texts = table(map(_cells, rows))
        for row, text in zip(rows, texts, strict=True):
            invocation.out.row(row, text)
        after = rows[-1]["id"]
        rows = ask_anyway(invocation, "outbox.list", after=after) if len(rows) == PAGE else []


@outbox.command("cancel", cls=Command, examples=("onionchat outbox cancel ID",))
@click.argument("message", metavar="ID", type=params.waiting_id)
@click.pass_obj
def cancel(invocation: Invocation, message: str) -> None:
    """Do not send the message ID, or not again.

    What has left before cannot be called back: it may have arrived.
    """
    row = ask(invocation, "outbox.cancel", id=message)
    name = line(row["contact"])
    if row["left"]:
        text = f"cancelled: it is not sent again, but it had left before, so {name} may have it"
    else:
        text = f"cancelled; {name} will not get it"
    invocation.out.row(row, text)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    who = (line(row["id"]), line(row["contact"]))
    return (*who, local(row["queued_at"]), _why(row))


def _why(row: dict[str, Any]) -> str:
    """The state, why it waits if that is known, and until when."""
    until = f" (expires {local(row['expires_at'])})" if row["expires_at"] else ""
    if row.get("leaves_at"):
        return f"delayed: it leaves after {local(row['leaves_at'])}{until}"
    why = f": {line(row['why'])}" if row["why"] else ""
    return f"{line(row['state'])}{why}{until}"
