"""`request list`, `accept`, `reject`, `block`: strangers who have asked.

A stranger has no name here, only a number that is never used again and the address. The
text is theirs: it is rendered like every text of a peer.
"""

import sys

import click

from onionchat.cli import params, terminal
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, Group, option
from onionchat.cli.output import local
from onionchat.cli.render import block, line


@click.group(
    "request",
    cls=Group,
    examples=(
        "onionchat request list                     who has asked",
        "onionchat request accept 1 --name bob      make request 1 your contact bob",
    ),
)
def request() -> None:
    """People who have asked to become your contact."""


@request.command("list", cls=Command, examples=("onionchat request list",))
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List who has asked, with the word they sent."""
    rows = ask(invocation, "request.list")
    if not rows:
        invocation.out.note("nobody has asked")
    for row in rows:
        head = f"{row['number']}  {local(row['received_at'])}  {line(row['address'])}"
        invocation.out.row(row, head + (f"\n{_said(row['text'])}" if row["text"] else ""))


@request.command(
    "accept",
    cls=Command,
    examples=(
        "onionchat request accept 1 --name bob",
        "onionchat request accept ADDRESS --name bob",
    ),
)
@click.argument("who", type=params.asker)
@option("--name", type=params.petname, help="What to call them.  [default: anon-NUMBER]")
@click.pass_obj
def accept(invocation: Invocation, who: str, name: str | None) -> None:
    """Make them your contact. WHO is the number of the request, or the full address."""
    row = ask(invocation, "request.accept", who=who, name=name)
    invocation.out.row(row, f"{line(row['name'])}: is your contact")
    invocation.out.once(row)


@request.command("reject", cls=Command, examples=("onionchat request reject 1",))
@click.argument("who", type=params.asker)
@click.pass_obj
def reject(invocation: Invocation, who: str) -> None:
    """Drop the request and hear nothing more of them; they are not told.

    You can still add them yourself, or let them ask again: `contact unblock ADDRESS`.
    """
    row = ask(invocation, "request.reject", who=who)
    invocation.out.row(row, f"request {row['number']}: {line(row['state'])}")


@request.command("block", cls=Command, examples=("onionchat request block 1",))
@click.argument("who", type=params.asker)
@click.pass_obj
def block_(invocation: Invocation, who: str) -> None:
    """Drop the request for good: nobody can add this address by mistake.

    They are not told. `contact unblock ADDRESS` takes it back.
    """
    row = ask(invocation, "request.block", who=who)
    invocation.out.row(row, f"request {row['number']}: {line(row['state'])}")


def _said(text: str) -> str:
    return block(terminal.encodable(text, sys.stdout), terminal.width(sys.stdout))
