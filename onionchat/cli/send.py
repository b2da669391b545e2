"""`send`: put a message in the queue, durably, and say honestly what that means."""

import click
from click.core import ParameterSource

from onionchat.cli import params, prompt
from onionchat.cli.ask import ask
from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command, option
from onionchat.cli.render import line
from onionchat.errors import Interrupted, RefusedError, UnreachableError, UsageError
from onionchat.protocol.limits import TEXT_BYTES
from onionchat.rpc.client import Gone

QUEUED = "the message may be queued all the same: see `onionchat outbox list`"
"""Neither who ends the waiting nor a node that ends has taken it back."""


@click.command(
    "send",
    cls=Command,
    examples=(
        "onionchat send bob                       asks for the text",
        "onionchat send bob < letter.txt          the text from a file or a pipe",
        "onionchat send bob --wait delivered --timeout 60 < letter.txt",
        "onionchat send bob --expires 2h           not any more if it has not arrived by then",
        "onionchat send bob --delay 1h..6h         at a moment that tells nobody when you wrote",
        'onionchat send bob "see you at 8"        other users of this machine can see this text',
    ),
)
@click.argument("name", type=params.person)
@click.argument("text", required=False)
@option("--wait", type=click.Choice(["sent", "delivered"]), help="Return when it is that far.")
@option(
    "--timeout",
    type=params.seconds,
    metavar="S",
    help="With --wait: give up after S seconds with exit code 5; it stays queued.",
)
@option("--verified", is_flag=True, help="Refuse (4) unless the contact is verified.")
@option(
    "--expires",
    type=params.duration,
    metavar="TIME",
    help="Do not send it any more after so long: 90s, 30m, 2h, 3d or 1w.",
)
@option(
    "--delay",
    type=params.span,
    metavar="TIME",
    help="Let it leave later: 2h, or 1h..6h for a random moment between the two.",
)
@option(
    "--at",
    type=params.moment,
    metavar="TIME",
    help="Let it leave at this time: 18:30, or '2026-11-27 08:00', in your time zone.",
)
@click.pass_obj
def send(
    invocation: Invocation,
    name: str,
    text: str | None,
    wait: str | None,
    timeout: float | None,
    verified: bool,
    expires: float | None,
    delay: tuple[float, float] | None,
    at: str | None,
) -> None:
    """Send TEXT to NAME, or what comes from the terminal or a pipe.

    It is queued on this disk first, and leaves when both nodes are online at once. What has
    expired may have arrived if it had left before: `history` says so as soon as it is known.
    """
    if wait is None:
        _refuse_alone(timeout)
        timeout = None
    if prompt.is_typed(text):
        ask(invocation, "contact.show", name=name, exact=True)
    message = {"name": name, "text": _checked(prompt.body(invocation, text))}
    when = {"expires": expires, "delay": delay, "at": at}
    try:
        row = ask(
            invocation, "send", **message, wait=wait, timeout=timeout, verified=verified, **when
        )
    except KeyboardInterrupt:
        raise Interrupted("interrupted", QUEUED) from None
    except Gone as gone:
        raise UnreachableError(gone.message, QUEUED) from None
    invocation.out.row(row, line(invocation.out.here(row["hint"] or row["state"])))


def _refuse_alone(timeout: float | None) -> None:
    """Nothing to time. From the environment it was meant for other commands."""
    source = click.get_current_context().get_parameter_source("timeout")
    if timeout is not None and source is ParameterSource.COMMANDLINE:
        raise UsageError("--timeout needs --wait", "add --wait sent or --wait delivered")


def _checked(text: str) -> str:
    if not text:
        raise UsageError("the message is empty", "give a text, or write it on stdin")
    size = len(text.encode())
    if size > TEXT_BYTES:
        raise RefusedError(
            f"the message has {size} bytes; at most {TEXT_BYTES} fit", "send it in parts"
        )
    return text
