"""`contact disappearing` and `contact keep`: how long what is said with somebody stays."""

import click

from onionchat.cli import params
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.render import line
from onionchat.duration import in_words


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
    text = "does not disappear any more"
    if seconds:
        text = f"disappears {in_words(row['disappearing'])} after it was read"
    invocation.out.row(row, f"{line(row['name'])}: what both of you send from now on {text}")


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
    text = f"for {in_words(row['keep'])} at most" if seconds else "without a limit"
    invocation.out.row(row, f"{line(row['name'])}: what is said is kept here {text}")
