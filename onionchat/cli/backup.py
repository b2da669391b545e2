"""`backup create` and `backup restore`: a profile in one file, for another day or computer.

The file has a passphrase of its own, since it goes where the profile never was. A script
hands it in with `--backup-passphrase-fd`; `--passphrase-fd` stays the profile's. Both may
name one descriptor: the profile's line comes first, also where it is not needed.
"""

import base64
from pathlib import Path
from typing import Any

import click

from onionchat.cli import params, prompt
from onionchat.cli.ask import connect
from onionchat.cli.invocation import Invocation
from onionchat.cli.new_passphrase import new_passphrase, not_empty
from onionchat.cli.options import Command, Group, option
from onionchat.cli.render import line
from onionchat.errors import UnreachableError

OPTION = "--backup-passphrase-fd"

_passphrase_fd = option(
    OPTION,
    metavar="N",
    type=click.IntRange(min=0),
    help="Read the backup's passphrase as one line from this file descriptor.",
)


@click.group(
    "backup",
    cls=Group,
    examples=(
        "onionchat backup create FILE               who you are, and whom you know",
        "onionchat backup create FILE --history     all messages too",
        "onionchat backup restore FILE              on the new computer, instead of `init`",
    ),
)
def backup() -> None:
    """Keep a profile safe, or move it to another computer."""


@backup.command(
    "create",
    cls=Command,
    examples=(
        "onionchat backup create onionchat.backup",
        "onionchat backup create /media/stick/onionchat.backup --history",
        "onionchat backup create FILE --backup-passphrase-fd 3 3< PASSPHRASE     from a script",
    ),
)
@click.argument("file", type=params.new_file)
@option("--history", is_flag=True, help="Put the messages into it too.")
@_passphrase_fd
@click.pass_obj
def create(
    invocation: Invocation, file: Path, history: bool, backup_passphrase_fd: int | None
) -> None:
    """Write your identity, your contacts and whom you have verified into FILE.

    FILE is new and encrypted under a passphrase of its own. Who has both is you: keep them
    apart. Messages are left out unless you ask for them.
    """
    sealed = _sealed(invocation, backup_passphrase_fd, history)
    from onionchat.store import whole_file

    whole_file.create(file, base64.b64decode(sealed["backup"]))
    left_out = sealed["left_out"]
    row = {"file": str(file), "contacts": sealed["contacts"], "messages": sealed["messages"]}
    invocation.out.row(row | {"left_out": left_out}, _summary(row))
    if left_out:
        invocation.out.note(
            f"Not in it: {left_out} messages that you have not read, or that have not arrived; "
            "--history takes them along",
            left_out=left_out,
        )


@backup.command(
    "restore",
    cls=Command,
    examples=(
        "onionchat backup restore onionchat.backup                 on a new computer",
        "onionchat --profile old backup restore FILE               into a profile of another name",
    ),
)
@click.argument("file", type=params.file)
@_passphrase_fd
@click.pass_obj
def restore(invocation: Invocation, file: Path, backup_passphrase_fd: int | None) -> None:
    """Make the profile anew from FILE, under a new passphrase.

    Do not run the old one any more: two nodes of one identity take each other's messages.
    """
    instead = "a backup becomes a new profile: choose another name with --profile"
    paths = invocation.new(instead)
    from onionchat.hardening import harden
    from onionchat.node import backup as backups

    harden()
    sealed = backups.read(file)
    phrase = _given(invocation)
    asked = "Passphrase of the backup: "
    theirs = prompt.secret(backup_passphrase_fd, asked, "backup", OPTION).taken()
    content = backups.opened(sealed, theirs)
    address = backups.restore_profile(paths, content, phrase or new_passphrase(None))
    row = {"file": str(file), "contacts": len(content.contacts), "messages": content.messages}
    invocation.out.row(row | {"address": address}, f"{_summary(row)}\n{address}")
    invocation.out.next("Do not start the old profile any more. Next:", "onionchat up")


def _sealed(invocation: Invocation, descriptor: int | None, history: bool) -> Any:
    """What the node answers or, without one, the profile opened with its passphrase."""
    paths = invocation.existing()
    _given(invocation)
    try:
        with connect(invocation) as client:
            return client.call("backup.create", **_order(descriptor, history))
    except UnreachableError:
        invocation.out.detail("no node is running: opening the profile itself")
    phrase = prompt.passphrase(invocation)
    from onionchat.service import offline

    return offline(paths, phrase, "backup.create", _order(descriptor, history))


def _order(descriptor: int | None, history: bool) -> dict[str, Any]:
    phrase = new_passphrase(descriptor, "passphrase for the backup", OPTION)
    return {"passphrase": base64.b64encode(phrase).decode(), "history": history}


def _given(invocation: Invocation) -> bytes | None:
    """The profile's passphrase, if a script hands it in."""
    if invocation.passphrase_fd is None:
        return None
    return not_empty(prompt.passphrase(invocation))


def _summary(row: dict[str, Any]) -> str:
    return f"{line(row['file'])}  contacts: {row['contacts']}  messages: {row['messages']}"
