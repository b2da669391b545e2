"""`rpc`: the node's JSON-RPC on stdin and stdout, byte for byte.

The command understands nothing of what it carries, so it cannot get anything wrong. When
stdin ends, the node is told so, and the answers that are still to come are waited for. A
node that closes before that has stopped, or does not want to hear more: exit code 3.
When nobody reads stdout any more it ends: a script that was killed leaves nothing behind
that would keep its place in the node.
"""

import os
import select
import socket
import sys
import threading
from contextlib import suppress

import click

from onionchat.cli.ask import reach
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command
from onionchat.cli.output import ReaderGone, unwritable
from onionchat.errors import UsageError

CHUNK = 65_536


@click.command(
    "rpc",
    cls=Command,
    examples=(
        """echo '{"jsonrpc":"2.0","id":1,"method":"status"}' | onionchat rpc""",
        "onionchat rpc                 for a script that keeps both pipes open",
    ),
)
@click.pass_obj
def rpc(invocation: Invocation) -> None:
    """Speak JSON-RPC 2.0 with the node: one object per line on stdin, answers on stdout.

    The methods are the commands with dots, such as contact.add. `subscribe` delivers
    events. Whoever can run this has full power over the profile.
    """
    invocation.existing()
    if sys.stdin is None:
        raise UsageError("there is no standard input", "open it, or give it /dev/null")
    from onionchat.rpc.client import Gone

    ended = threading.Event()
    with reach(invocation) as node:
        asking = (sys.stdin.fileno(), node, ended)
        threading.Thread(target=_ask, args=asking, daemon=True).start()
        _answer(node, sys.stdout.fileno())
    if not ended.is_set():
        raise Gone


def _ask(stdin: int, node: socket.socket, ended: threading.Event) -> None:
    """stdin to the node until either ends. A thread, since stdin may be a file or a terminal."""
    with suppress(OSError):
        while question := os.read(stdin, CHUNK):
            node.sendall(question)
        ended.set()
        node.shutdown(socket.SHUT_WR)


def _answer(node: socket.socket, stdout: int) -> None:
    """The node to stdout until the node closes; ReaderGone if stdout does."""
    poll = select.poll()
    poll.register(node, select.POLLIN)
    poll.register(stdout, 0)  # only that its reader has gone
    with suppress(ConnectionResetError):
        while True:
            if stdout in dict(poll.poll()):
                raise ReaderGone("the reader has gone")
            answer = node.recv(CHUNK)
            if not answer:
                return
            while answer:
                try:
                    answer = answer[os.write(stdout, answer) :]
                except OSError as error:
                    raise unwritable(error) from None
