"""What the shell can offer for a word: names, numbers and IDs that the running node knows.

A person has pressed a key and waits. So the node has 150 ms in all, and whatever goes
wrong (no profile, no node, a node that is busy) gives nothing: no error, no question, and
never the passphrase. What the terminal would not show as it is, is not offered.
"""

import json
import os
from collections.abc import Iterable
from time import monotonic
from typing import Any

import click
from click.shell_completion import CompletionItem

from onionchat.cli.invocation import Invocation
from onionchat.cli.render import line
from onionchat.rpc.client import connected

DEADLINE = 0.15
"""Seconds. More is felt as a key that hangs."""
CHUNK = 65_536

Item = CompletionItem[str]
Row = dict[str, Any]


def contacts(context: click.Context, begins: str) -> list[Item]:
    rows = known(context.obj, "contact.list", prefix=begins)
    return _items(begins, ((row["name"], row["state"]) for row in rows))


def requests(context: click.Context, begins: str) -> list[Item]:
    """The numbers; an address beside each, because a stranger has no name."""
    rows = known(context.obj, "request.list")
    return _items(begins, ((str(row["number"]), row["address"]) for row in rows))


def invites(context: click.Context, begins: str) -> list[Item]:
    """The numbers, with the name that each guest will have."""
    rows = known(context.obj, "invite.list")
    return _items(begins, ((str(row["number"]), row["name"] or "") for row in rows))


def outbox(context: click.Context, begins: str) -> list[Item]:
    """The IDs of the oldest messages that wait, with the contact each is for."""
    rows = known(context.obj, "outbox.list")
    return _items(begins, ((row["id"], row["contact"]) for row in rows))


def profiles(context: click.Context, begins: str) -> list[Item]:
    from onionchat.paths import profiles as existing

    _expand_home(context.obj)
    return _items(begins, ((name, "") for name in existing(context.obj.data_dir, os.environ)))


def files(_: click.Context, begins: str) -> list[Item]:
    """The shell knows them better."""
    return [CompletionItem(begins, type="file")]


def directories(_: click.Context, begins: str) -> list[Item]:
    return [CompletionItem(begins, type="dir")]


def known(
    invocation: Invocation, method: str, *, deadline: float = DEADLINE, **params: Any
) -> list[Row]:
    """The node's rows; any failure is an exception that the caller's caller drops."""
    _expand_home(invocation)
    end = monotonic() + deadline
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = bytearray()
    with connected(invocation.paths().rpc_socket, deadline) as node:
        node.settimeout(max(end - monotonic(), 0.001))
        node.sendall(json.dumps(question).encode() + b"\n")
        while not answer.endswith(b"\n"):
            node.settimeout(max(end - monotonic(), 0.001))
            if not (chunk := node.recv(CHUNK)):
                raise EOFError
            answer += chunk
            if monotonic() > end:
                raise TimeoutError
    rows: list[Row] = json.loads(answer)["result"]
    return rows


def _expand_home(invocation: Invocation) -> None:
    """The shell hands over the words as they were typed."""
    if invocation.data_dir is not None:
        invocation.data_dir = os.path.expanduser(invocation.data_dir)  # noqa: PTH111 - not a Path


def _items(begins: str, found: Iterable[tuple[str, str]]) -> list[Item]:
    return [
        CompletionItem(value, help=line(meaning))
        for value, meaning in found
        if value.startswith(begins) and line(value) == value
    ]
