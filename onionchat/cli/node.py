"""`down` and `status`: whether the node runs, how it is, and how it ends.

`down` needs no passphrase and no answer from the node: it signals whoever holds the
profile's lock and waits until the lock is free, so it also ends a node that hangs. A node
that waits to be unlocked holds no lock: who listens at its socket is asked of the kernel.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import click

from onionchat.cli import tor_state
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.output import local
from onionchat.cli.render import line
from onionchat.errors import UnreachableError

STOP_TIMEOUT = 15.0
"""Seconds. The supervisor needs five at most; a machine can be slow."""

_KEYS = (
    *("address", "published", "reachable", "reachable_off_at", "inboxes", "invites"),
    *("tor", "contacts", "requests", "unread", "outbox", "waiting", "hint"),
)


@click.command("down", cls=Command, examples=("onionchat down      stop the node and its tor",))
@click.pass_obj
def down(invocation: Invocation) -> None:
    """Stop the node and its tor; returns when both are gone."""
    from onionchat.cli import locked
    from onionchat.store.lock import holder, wait_free

    paths = invocation.existing()
    pid = holder(paths.lock)
    if pid is None:
        stopped = locked.stop(paths.unlock_socket, STOP_TIMEOUT)
        invocation.out.row({"stopped": stopped}, "stopped" if stopped else "no node was running")
        return
    with suppress(ProcessLookupError):  # it ended by itself in the meantime
        os.kill(pid, signal.SIGTERM)
    if not wait_free(paths.lock, STOP_TIMEOUT):
        raise UnreachableError(
            f"the node (process {pid}) does not stop", f"end it with `kill -KILL {pid}`"
        )
    invocation.out.row({"stopped": True}, "stopped")


@click.command(
    "status",
    cls=Command,
    examples=(
        "onionchat status             is the node running, can it be reached",
        "onionchat --json status      the same for scripts; exit code 3 without a node",
    ),
)
@click.pass_obj
def status(invocation: Invocation) -> None:
    """Show how the node and its tor are doing, and what waits."""
    try:
        row = ask(invocation, "status")
    except UnreachableError:
        if invocation.as_json:  # in text the error says it all
            invocation.out.row({"running": False, **dict.fromkeys(_KEYS)}, "")
        raise
    tor, contacts = row["tor"], row["contacts"]
    text = (
        f"address   {line(row['address'])}: {_found(row)}",
        *(_announcing(row) if row["published"] else ()),
        f"tor       {line(tor_state.sentence(tor))}",
        f"version   {line(tor['version'] or '-')} of tor",
        f"contacts  {contacts['total']}, {contacts['online']} online",
        f"requests  {row['requests']}",
        f"unread    {row['unread']}",
        f"outbox    {row['outbox']}",
        *(invocation.out.here(_waiting(each)) for each in row["waiting"]),
    )
    invocation.out.row(row, "\n".join(text))
    invocation.out.once(row)


def _found(row: dict[str, Any]) -> str:
    """Who can find us. With no onion that is to be up there is nothing to wait for."""
    if not row["published"]:
        return "not published yet"
    if row["reachable"] == "off":
        return "strangers cannot find it, contacts can"
    until = f" until {local(row['reachable_off_at'])}" if row["reachable_off_at"] else ""
    return f"can be reached{until}"


def _announcing(row: dict[str, Any]) -> Iterator[str]:
    """For a minute after it has changed who may come in."""
    for what, who in (("inboxes", "contacts"), ("invites", "guests")):
        total, found = row[what]["total"], row[what]["published"]
        if found < total:
            yield f"{what}   {found} of {total} can be found by {who}; the rest takes a minute"


def _waiting(row: dict[str, Any]) -> str:
    """What waits for one reason."""
    why = f"{line(row['why'])}; {line(row['hint'] or '-')}" if row["why"] else "on their way"
    people = "1 contact" if row["contacts"] == 1 else f"{row['contacts']} contacts"
    return f"          {row['messages']} for {people}: {why}"
