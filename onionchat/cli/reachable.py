"""`reachable`: whether strangers find this profile at its address."""

from typing import Any

import click

from onionchat.cli import params
from onionchat.cli.ask import ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, option
from onionchat.cli.output import local
from onionchat.cli.render import line
from onionchat.errors import UsageError


@click.command(
    "reachable",
    cls=Command,
    examples=(
        "onionchat reachable              can strangers find you now",
        "onionchat reachable off          only contacts can; nobody new can ask",
        "onionchat reachable on           so that others can ask to become contacts",
        "onionchat reachable --for 2h     on for two hours, then off by itself",
    ),
)
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@option("--for", "time", type=params.duration, help="On for so long, then off: 30m, 2h, 1d.")
@click.pass_obj
def reachable(invocation: Invocation, state: str | None, time: float | None) -> None:
    """Let strangers find you at your address, or not; without STATE: what it is now.

    Contacts do not need it: they have a way to you that nobody else has. While it is on,
    whoever has your address can see when you are online. What is under way when it is turned
    off is finished. It works without a running node, too, and is kept.
    """
    if state == "off" and time is not None:
        raise UsageError("what is off needs no time", "onionchat reachable --for 2h")
    wanted = "on" if time is not None else state
    row = ask_anyway(invocation, "reachable", state=wanted, seconds=time)
    invocation.out.row(row, sentence(row))


def sentence(row: dict[str, Any]) -> str:
    """From the fields of `reachable`."""
    off = row["reachable"] == "off"
    until = f" until {local(row['off_at'])}" if row["off_at"] else ""
    meaning = "strangers cannot find you; contacts can" if off else _ON
    return f"{line(row['reachable'])}{until}: {meaning}"


_ON = "whoever has your address can find you and ask"
