"""`lock`: the process that holds the keys ends; its tor goes on, so that `unlock` is quick."""

import os
import select
from contextlib import suppress

import click

from onionchat.cli import locked
from onionchat.cli.ask import reach
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.errors import UnreachableError
from onionchat.own_socket import peer
from onionchat.rpc.client import Client

LOCK_TIMEOUT = 15.0
"""Seconds. The supervisor gives the node three to end; a machine can be slow."""


@click.command(
    "lock",
    cls=Command,
    examples=("onionchat lock      `onionchat unlock` goes on, with the passphrase",),
)
@click.pass_obj
def lock(invocation: Invocation) -> None:
    """Lock the running node: its keys are gone from memory until `onionchat unlock`.

    Nobody can reach you meanwhile. Returns when the process that held the keys has ended;
    with `up --lock-after` it locks itself when no command was given for a while.
    """
    if locked.waits(invocation.existing().unlock_socket):
        invocation.out.row({"locked": False}, "it was locked before")
        return
    with reach(invocation) as sock:
        pid = peer(sock).pid
        watch = os.pidfd_open(pid)
        try:
            with suppress(UnreachableError):  # it has ended before it could answer
                Client(sock).call("lock")
            if not select.select([watch], [], [], LOCK_TIMEOUT)[0]:
                raise UnreachableError(
                    f"the node (process {pid}) does not end", "stop it with `onionchat down`"
                )
        finally:
            os.close(watch)
    invocation.out.row({"locked": True}, "locked")
