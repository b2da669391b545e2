"""`history`: what was said with somebody, oldest first."""

import click

from onionchat.cli import params
from onionchat.cli.ask import ask_anyway
from onionchat.cli.conversation import Lines
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, option


@click.command(
    "history",
    cls=Command,
    examples=(
        "onionchat history bob                 the newest 50 messages, oldest first",
        "onionchat history bob --limit 5",
        "onionchat history bob --before ID     what came before that message",
    ),
)
@click.argument("name", type=params.person)
@option("--limit", type=click.IntRange(min=1, max=2**31), default=50, show_default=True)
@option("--before", metavar="ID", type=params.message_id, help="Only what is older than this one.")
@click.pass_obj
def history(invocation: Invocation, name: str, limit: int, before: str | None) -> None:
    """Show the newest messages with NAME; marks nothing as read."""
    lines = Lines(invocation.out)
    for row in ask_anyway(invocation, "history", name=name, limit=limit, before=before):
        sender = "me" if row["direction"] == "out" else row["contact"]
        lines.show(row, sender, [row["state"]] if row["direction"] == "out" else [])
