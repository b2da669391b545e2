"""`history` and `history clear`: what was said with somebody, oldest first."""

import click

from onionchat.cli import params, prompt
from onionchat.cli.ask import ask, ask_anyway
from onionchat.cli.conversation import Lines
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, Group, option
from onionchat.cli.render import line


@click.group(
    "history",
    cls=Group,
    default="show",
    examples=(
        "onionchat history bob                 the newest 50 messages, oldest first",
        "onionchat history bob --limit 5",
        "onionchat history clear bob           delete what was said",
    ),
)
def history() -> None:
    """What was said with somebody: `history NAME` is short for `history show NAME`."""


@history.command(
    "show",
    cls=Command,
    examples=(
        "onionchat history bob",
        "onionchat history bob --before ID     what came before that message",
    ),
)
@click.argument("name", type=params.person)
@option("--limit", type=click.IntRange(min=1, max=2**31), default=50, show_default=True)
@option("--before", metavar="ID", type=params.message_id, help="Only what is older than this one.")
@click.pass_obj
def show(invocation: Invocation, name: str, limit: int, before: str | None) -> None:
    """Show the newest messages with NAME; marks nothing as read."""
    lines = Lines(invocation.out)
    rows = ask_anyway(invocation, "history", name=name, limit=limit, before=before)
    if not rows:
        invocation.out.note("nothing was said yet" if before is None else "nothing is older")
    for row in rows:
        sender = "me" if row["direction"] == "out" else row["contact"]
        lines.show(row, sender, [] if row["state"] == "read" else [row["state"]])


@history.command(
    "clear",
    cls=Command,
    examples=("onionchat history clear bob", "onionchat history clear bob --yes"),
)
@click.argument("name", type=params.person)
@params.yes
@click.pass_obj
def clear(invocation: Invocation, name: str, yes: bool) -> None:
    """Delete what was said with NAME, read or not; the other side keeps what it has.

    A message of yours that still waits to be delivered stays until it is, or is cancelled.
    """
    contact = ask(invocation, "contact.show", name=name, exact=True)["name"]
    prompt.confirm(f"Delete everything that was said with {line(contact)}?", yes=yes)
    row = ask(invocation, "history.clear", name=contact)
    invocation.out.row(row, f"deleted: {row['deleted']}")
