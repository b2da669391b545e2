"""`contact disappearing` and `contact keep`: how long what is said with somebody stays."""

import click

from onionchat.cli import params
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.render import line


@click.command(
    "disappearing",
    cls=Command,
    examples=(
        "onionchat contact disappearing bob 1h       an hour after they were read",
        "onionchat contact disappearing bob off      not any more",
    ),
)
@click.argument("name", type=params.person)
@click.argument("seconds", metavar="TIME", type=params.lifetime)
@click.pass_obj
def disappearing(invocation: Invocation, name: str, seconds: int) -> None:
    """Let what you and NAME send from now on disappear at both sides, TIME after it was read.

    At its author it goes TIME after it was delivered. NAME is told, and may change it too. It is
    erased by software: whoever wants to keep a message can, with a camera if need be.
    """
    row = ask(invocation, "contact.disappearing", name=name, seconds=seconds)
    who, time = line(row["name"]), span(row["disappearing"])
    text = f"disappears {time} after it was read" if seconds else "does not disappear any more"
    invocation.out.row(row, f"{who}: what both of you send from now on {text}")


@click.command(
    "keep",
    cls=Command,
    examples=(
        "onionchat contact keep bob 30d      delete here what is older than 30 days",
        "onionchat contact keep bob off      keep everything",
    ),
)
@click.argument("name", type=params.person)
@click.argument("seconds", metavar="TIME", type=params.lifetime)
@click.pass_obj
def keep(invocation: Invocation, name: str, seconds: int) -> None:
    """Keep what is said with NAME for TIME at most, read or not; NAME can see that you do.

    Only here: the other side keeps what it has, and says for how long in `contact show`.
    """
    row = ask(invocation, "contact.keep", name=name, seconds=seconds)
    text = f"for {span(row['keep'])} at most" if seconds else "without a limit"
    invocation.out.row(row, f"{line(row['name'])}: what is said is kept here {text}")


def span(seconds: int | None) -> str:
    """A length of time as it was given; `-` for none."""
    if seconds is None:
        return "-"
    units = ((604800, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    return f"{seconds // size}{unit}"
