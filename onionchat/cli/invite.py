"""`invite`, `invite list`, `invite cancel`: one string that lets one person in.

The string is a result, alone on stdout, so that it can be piped into whatever carries it; what
there is to know about it stands on stderr.
"""

import click

from onionchat.cli import params
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, Group, option
from onionchat.cli.output import local, table
from onionchat.cli.qr import qr_code
from onionchat.cli.render import line

DAY = 86_400.0


@click.group(
    "invite",
    cls=Group,
    default="make",
    alone=True,
    examples=(
        "onionchat invite --name bob                  for one person, good for a day",
        "onionchat invite --expires 2h --qr           to be photographed from this screen",
        "onionchat invite list                        those that wait for their guest",
        "onionchat invite cancel 1                    nobody can use it any more",
    ),
)
def invite() -> None:
    """Let one person in without being reachable for others."""


@invite.command(
    "make",
    cls=Command,
    examples=(
        "onionchat invite --name bob                  for one person, good for a day",
        "onionchat invite --expires 2h --qr           to be photographed from this screen",
    ),
)
@option("--name", type=params.petname, help="What to call the guest.  [default: guest-NUMBER]")
@option("--expires", type=params.duration, default="1d", help="Good for so long.  [default: 1d]")
@option("--qr", is_flag=True, help="Show it as a QR code too.")
@click.pass_obj
def make(invocation: Invocation, name: str | None, expires: float, qr: bool) -> None:
    """Make an invite: a string for one person, which works once.

    Whoever uses it first is your contact at once. Give it to the person you mean on a way that
    others do not read, and compare the safety number afterwards (`onionchat verify`). It works
    while `reachable` is off, too.
    """
    row = ask(invocation, "invite.make", name=name, seconds=expires)
    code = f"{qr_code(row['invite'].upper())}\n" if qr and not invocation.as_json else ""
    invocation.out.row(row, code + line(row["invite"]), whole=True)
    invocation.out.note(
        f"invite {row['number']} is good for one person, until {local(row['expires_at'])}; "
        "keep this node running, and tell them to use it so:"
    )
    invocation.out.note("onionchat contact add YOUR-NAME -")


@invite.command("list", cls=Command, examples=("onionchat invite list",))
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the invites that wait for their guest, without the strings."""
    rows = ask(invocation, "invite.list")
    if not rows:
        invocation.out.note("no invite waits for a guest")
    cells = [
        (str(row["number"]), line(row["name"] or "-"), f"until {local(row['expires_at'])}")
        for row in rows
    ]
    for row, text in zip(rows, table(cells), strict=True):
        invocation.out.row(row, text)


@invite.command("cancel", cls=Command, examples=("onionchat invite cancel 1",))
@click.argument("number", type=params.invite_number)
@click.pass_obj
def cancel(invocation: Invocation, number: int) -> None:
    """Take an invite back; NUMBER is what `invite list` shows."""
    row = ask(invocation, "invite.cancel", number=number)
    name = f" for {line(row['name'])}" if row["name"] else ""
    text = f"invite {row['number']}{name}: cancelled; nobody can use it any more"
    invocation.out.row(row, text)
