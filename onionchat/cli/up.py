"""`up`: run the node, in this process's place or behind it.

Files that steer or are code (`--tor`, `--torrc-include`, `--transport`) are checked by
the parts that use them; here only what the command line alone can tell is checked. Both
come before the passphrase is asked for: nobody types it in vain.
"""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onionchat.cli import params, prompt, tor_state
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, option
from onionchat.cli.output import below_ctrl_c
from onionchat.cli.render import line
from onionchat.cli.service_manager import told
from onionchat.errors import UsageError

if TYPE_CHECKING:
    from onionchat.paths import Paths

GONE = "this profile is in memory only: when the node ends, it is gone with all that is in it"


@click.command(
    "up",
    cls=Command,
    examples=(
        "onionchat up                                  run the node; Ctrl-C stops it",
        "onionchat up --detach --timeout 120           return when it can be reached",
        "onionchat --passphrase-fd 3 up 3< FILE        without a terminal",
        "onionchat up --wait-unlock                    started by a service; see `unlock`",
        "onionchat up --on-message ~/bin/ring          run a program when something came in",
        "onionchat up --bridge 'obfs4 ...'             where tor is blocked",
        "onionchat --profile burner up --ephemeral     a profile that no disk ever has",
    ),
)
@option("--detach", is_flag=True, help="Return when the address is published; `down` stops it.")
@option(
    "--wait-unlock",
    is_flag=True,
    help="Wait for the passphrase from `onionchat unlock`: for a service that starts by itself.",
)
@option("--tor", type=params.program, metavar="PATH", help="The tor to run.  [default: from PATH]")
@option("--tor-control", metavar="ADDR", help="Use a running tor: its control port or socket.")
@option("--tor-socks", metavar="ADDR", help="Use a running tor: its SOCKS port or socket.")
@option("--torrc-include", type=params.file, metavar="FILE", help="Lines for tor's own torrc.")
@option(
    "--bridge",
    "bridges",
    multiple=True,
    type=params.Line(),
    metavar="LINE",
    help="Enter the Tor network through this bridge; can be repeated.",
)
@option(
    "--transport",
    "transports",
    multiple=True,
    type=params.Line(),
    metavar="NAME=PATH",
    help="The program that speaks a bridge's transport, if none is found; can be repeated.",
)
@option("--no-dial", is_flag=True, help="Be reachable, but connect to nobody.")
@option(
    "--timeout",
    type=params.seconds,
    metavar="S",
    help="Stop with exit code 3 if the address is not published within S seconds.",
)
@option(
    "--lock-after",
    type=params.duration,
    metavar="TIME",
    help="Lock it when no command was given for so long: 30m, 2h; `onionchat unlock` goes on.",
)
@option(
    "--on-message",
    type=params.file,
    metavar="PROGRAM",
    help="Run PROGRAM when a message or a request came in; who and when is a JSON line on stdin.",
)
@option(
    "--on-message-text",
    is_flag=True,
    help="That line carries the text too: PROGRAM, and what it calls, then sees what was said.",
)
@option(
    "--ephemeral",
    is_flag=True,
    help="Make a profile that lives in memory only: when this ends, all of it is gone.",
)
@option(
    "--strict",
    is_flag=True,
    help="Refuse to run unless the kernel takes network, programs and files away; see `doctor`.",
)
@click.pass_obj
def up(invocation: Invocation, /, **options: Any) -> None:
    """Run the node until Ctrl-C, SIGTERM or `onionchat down`.

    It says ready when its address is published and others can reach it. Reading and
    sending work before that.
    """
    _check(options)
    wait_unlock, in_memory = options.pop("wait_unlock"), options.pop("ephemeral")
    paths = _in_memory(invocation) if in_memory else invocation.existing()
    from onionchat.node.options import UpOptions
    from onionchat.node.start import Start
    from onionchat.node.supervisor import check, supervise

    dial = not options.pop("no_dial")
    chosen = UpOptions(paths=paths, dial=dial, **options)
    check(chosen)
    start = Start.make(chosen)
    if in_memory:
        invocation.out.note(GONE, event="ephemeral")
    elif not wait_unlock:
        with prompt.of_profile(invocation) as line:
            start.keep(line.content)
    progress = told(Progress(invocation), os.environ)
    run = partial(supervise, start)
    if wait_unlock:
        from onionchat.cli.locked import until_unlocked

        until_unlocked(paths.unlock_socket, start.keep, run, progress)
    elif chosen.detach:
        from onionchat.cli.detach import detached

        detached(run, progress)
    else:
        run(progress)
    if not chosen.detach:
        progress({"event": "stopped"})


def _in_memory(invocation: Invocation) -> "Paths":
    """A profile that is made by its first node, under a passphrase that nobody knows."""
    if invocation.passphrase_fd is not None:
        raise UsageError(
            "a profile in memory has a passphrase of its own that nobody knows",
            "leave out --passphrase-fd",
        )
    from onionchat.store.ephemeral import place

    return place(invocation.paths())


def _check(options: dict[str, Any]) -> None:
    if options["ephemeral"] and (options["wait_unlock"] or options["lock_after"] is not None):
        raise UsageError(
            "a profile in memory cannot be locked: nobody knows its passphrase",
            "leave out --wait-unlock and --lock-after",
        )
    if options["wait_unlock"] and options["detach"]:
        raise UsageError(
            "--detach returns when the node is published, which nobody unlocks before",
            "leave out --detach; a service manager keeps it in the background",
        )
    if options["on_message_text"] and options["on_message"] is None:
        raise UsageError(
            "--on-message-text needs a program to give the text to", "name it with --on-message"
        )
    if (options["tor_control"] is None) != (options["tor_socks"] is None):
        raise UsageError(
            "a running tor needs both --tor-control and --tor-socks", "give both, or neither"
        )
    for transport in options["transports"]:
        name, _, path = transport.partition("=")
        if not name.isidentifier() or not Path(path).is_absolute():
            raise UsageError(
                "a transport is NAME=PATH with a full path",
                "such as --transport obfs4=/usr/bin/obfs4proxy",
            )


class Progress:
    """Shows what the supervisor reports: ready on stdout, the rest on stderr."""

    def __init__(self, invocation: Invocation) -> None:
        self._out = invocation.out
        self._last = ""
        self._ready = False

    def __call__(self, said: dict[str, Any]) -> None:
        match said:
            case {"event": "ready", "address": str(address)}:
                self._ready = True
                self._out.row(said, f"ready {line(address)}")
            case {"event": "tor"}:
                text = f"tor: {tor_state.sentence(said)}"
                # A step that is over, and no more than that: on the way up `ready` says it.
                if self._ready or not self._last.startswith(f"{text} ("):
                    self._tell(text, said)
            case {"event": "stopped"}:
                self._out.note(below_ctrl_c("stopped"), **said)
            case {"event": "locked"}:
                self._tell("locked; unlock it with `onionchat unlock`", said)
            case {"event": "log", "message": message}:
                self._out.detail(line(message), **said)
            case {"event": "warning", "message": message}:
                self._tell(f"warning: {message}", said)

    def _tell(self, text: str, said: dict[str, Any]) -> None:
        if text != self._last:
            self._out.note(line(text), **said)
            self._last = text
