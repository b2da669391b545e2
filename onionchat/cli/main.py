"""The command line: which command is where, and how a run of it ends.

Every end is one of the contract's exit codes. An error that a person can act on is one
line and a hint; anything unexpected is a bug and says so, without a traceback unless
`--debug` asks, and never with the values of local variables: they can be keys or texts.
"""

import os
import sys
from collections.abc import Sequence

import click

from onionchat.cli.invocation import Invocation, wants_json
from onionchat.cli.options import Group
from onionchat.cli.output import ReaderGone, usable
from onionchat.cli.render import block
from onionchat.cli.signals import interruptible
from onionchat.errors import Interrupted, OnionchatError, UsageError, first_of
from onionchat.os_errors import known_as

COMMANDS = {
    "init": "profile:init",
    "id": "profile:show_id",
    "up": "up:up",
    "unlock": "unlock:unlock",
    "lock": "lock:lock",
    "down": "node:down",
    "status": "node:status",
    "contact": "contact:contact",
    "invite": "invite:invite",
    "request": "request:request",
    "send": "send:send",
    "receive": "receive:receive",
    "history": "history:history",
    "outbox": "outbox:outbox",
    "verify": "verify:verify",
    "reachable": "reachable:reachable",
    "doctor": "doctor:doctor",
    "passphrase": "passphrase:passphrase",
    "profile": "profile:profile",
    "backup": "backup:backup",
    "panic": "panic:panic",
    "rpc": "bridge:rpc",
    "completion": "completion:completion",
    "demo": "demo:demo",
    "testnet": "testnet:testnet",
}


@click.group(
    cls=Group,
    root=True,
    lazy=COMMANDS,
    examples=(
        "onionchat init                       make a profile, once",
        "onionchat up                         run the node; leave it running",
        "onionchat contact add bob ADDRESS    ask somebody to become your contact",
        "onionchat send bob                   write to bob; asks for the text",
        "onionchat receive --follow           read what comes in",
        "onionchat demo                       see two people talk, on this machine only",
    ),
)
def root() -> None:
    """A messenger whose address is a Tor onion service.

    A text on the command line can be seen by other users of the machine and stays in the
    shell's history; `send` without a text asks for it or reads it from a pipe.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    invocation = Invocation(as_json=wants_json(words, os.environ))
    try:
        with interruptible():
            return _run(words, invocation)
    except KeyboardInterrupt:  # once more, while the first was being told
        return Interrupted.exit_code


def _run(words: list[str], invocation: Invocation) -> int:
    try:
        usable()
        _invoke(words, invocation)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        if not invocation.as_json:
            click.echo(error.format_message(), err=True)
        return _fail(invocation, _usage(error, "a command is missing"))
    except click.ClickException as error:
        return _fail(invocation, _usage(error, error.format_message()))
    except ReaderGone as gone:
        return gone.exit_code
    except OnionchatError as error:
        return _fail(invocation, error)
    except (KeyboardInterrupt, click.Abort):
        return _fail(invocation, Interrupted("interrupted"))
    except Exception as error:
        return _fail(invocation, known_as(_first(error)) or _bug(error))
    return 0


def _invoke(words: list[str], invocation: Invocation) -> None:
    if "_ONIONCHAT_COMPLETE" in os.environ:
        from onionchat.cli.completion import reply

        reply(root, invocation)
        return
    with root.make_context("onionchat", words, obj=invocation) as context:
        root.invoke(context)


def _fail(invocation: Invocation, error: OnionchatError) -> int:
    if invocation.debug:
        import traceback

        trace = traceback.format_exc().rstrip()
        invocation.out.note(block(trace), traceback=trace)
    invocation.out.error(error)
    return error.exit_code


def _usage(error: click.ClickException, complaint: str) -> UsageError:
    """click's complaint in our form."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "onionchat"
    return UsageError(" ".join(complaint.split()), f"see `{path} --help`")


def _first(error: Exception) -> BaseException:
    return first_of(error) if isinstance(error, ExceptionGroup) else error


def _bug(error: Exception) -> OnionchatError:
    """Only the kind of the exception: its text could carry what a peer has sent."""
    return OnionchatError(
        f"a bug ({type(error).__name__}): please report it",
        "run it again with --debug and send what it prints",
    )
