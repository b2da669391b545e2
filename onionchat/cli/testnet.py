"""`testnet up` and `testnet down`: the private Tor network alone, for tests and for trying out.

It is real tor on loopback with a network of its own; nothing leaves the machine. Nodes
join it with `up --torrc-include DIR/client.torrc`. Without `--dir` there is one place for
it, which is removed when it ends: a directory of ours that nobody else can enter.
"""

import os
import shutil
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, Group, option
from onionchat.cli.render import line
from onionchat.errors import RefusedError

if TYPE_CHECKING:
    from onionchat.tor.testnet import Info


@click.group(
    "testnet",
    cls=Group,
    examples=(
        "onionchat testnet up --detach --dir net",
        "onionchat up --torrc-include net/client.torrc",
        "onionchat testnet down --dir net",
    ),
)
def testnet() -> None:
    """A private Tor network on this machine, for tests."""


@testnet.command(
    "up",
    cls=Command,
    examples=(
        "onionchat testnet up                      until Ctrl-C, leaves nothing",
        "onionchat testnet up --detach --dir net   return when it is ready",
    ),
)
@option("--dir", "directory", metavar="DIR", help="Where it lives.  [default: temporary]")
@option("--detach", is_flag=True, help="Return when it is ready; `testnet down` stops it.")
@click.pass_obj
def up(invocation: Invocation, directory: str | None, detach: bool) -> None:
    """Start it; says so when a client can use it."""
    from onionchat.tor.find import find_tor
    from onionchat.tor.testnet import run_foreground, start_detached

    binary = find_tor()
    with ExitStack() as on_failure_or_end:
        place = temporary(on_failure_or_end) if directory is None else Path(directory).absolute()
        invocation.out.note("starting a private Tor network here, which takes about 20 seconds")
        if detach:
            _ready(invocation, start_detached(place, binary))
            on_failure_or_end.pop_all()
        else:
            run_foreground(place, binary, lambda info: _ready(invocation, info))


@testnet.command("down", cls=Command, examples=("onionchat testnet down --dir net",))
@option("--dir", "directory", metavar="DIR", help="Where it lives.  [default: the temporary one]")
@click.pass_obj
def down(invocation: Invocation, directory: str | None) -> None:
    """Stop it; returns when all of it is gone."""
    from onionchat.tor.testnet import stop

    place = temporary_path() if directory is None else Path(directory).absolute()
    if directory is None and place.exists():
        _check_ours(place)
    stopped = place.is_dir() and stop(place)
    if directory is None:
        shutil.rmtree(place, ignore_errors=not place.exists())
    invocation.out.row({"stopped": stopped}, "stopped" if stopped else "none was running")


def temporary_path() -> Path:
    """The one place for a network without a directory, by its user."""
    return Path(tempfile.gettempdir()) / f"onionchat-testnet-{os.getuid()}"


def temporary(stack: ExitStack) -> Path:
    """Make that place; the stack removes it. RefusedError if it is there already."""
    place = temporary_path()
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        _check_ours(place)
        raise RefusedError(
            f"{place} is there already", "stop it with `onionchat testnet down`, or use --dir"
        ) from None
    stack.callback(shutil.rmtree, place)
    return place


def _check_ours(place: Path) -> None:
    """Anybody may make a directory of any name where temporary files are."""
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RefusedError(f"{place} is not yours alone", "choose a directory with --dir")


def _ready(invocation: Invocation, info: "Info") -> None:
    include = line(str(info.client_torrc))
    row = {"dir": str(info.dir), "client_torrc": str(info.client_torrc), "nodes": list(info.nodes)}
    invocation.out.row(row, f"ready: onionchat up --torrc-include {include}", whole=True)
