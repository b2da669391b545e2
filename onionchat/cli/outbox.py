"""`outbox list` and `outbox cancel`: what waits, for whom, since when, and why."""

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
        "onionchat outbox cancel ID     take a message back that has not left",
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
    """Take back the message ID. What may have left already cannot be taken back."""
    row = ask(invocation, "outbox.cancel", id=message)
    invocation.out.row(row, f"cancelled; {line(row['contact'])} will not get it")


def _cells(row: dict[str, str | None]) -> tuple[str, ...]:
    who = (line(row["id"] or ""), line(row["contact"] or ""))
    return (*who, local(row["queued_at"]), _why(row))


def _why(row: dict[str, str | None]) -> str:
    """The state, and why it waits if that is known."""
    state = line(row["state"] or "")
    return f"{state}: {line(row['why'])}" if row["why"] else state
