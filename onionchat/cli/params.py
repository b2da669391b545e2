"""Arguments that are checked before anything is asked of the node.

Their modules are imported when there is something to check: reading an address needs
the curve's arithmetic, and most commands do not. Errors are our own sentences with the
next step. Each function is a `type=` for click: a string in, the checked value out. Those
that are `completed` also know what the shell can offer.
"""

import os
import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from onionchat.cli.options import candidates, option
from onionchat.errors import RefusedError, UsageError

LONGEST_WAIT = 366 * 24 * 3600
"""Seconds. More than this is a slip of the finger, and would overflow a clock further down."""

LONGEST_NAME = 200
"""Characters. A name has at most 32, an address with all its trimmings not 100."""

_LOOKS_LIKE_ADDRESS = re.compile(r"onionchat:.*|.*\.onion|[a-z2-7]{56}", re.I | re.S)
_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_MESSAGE_ID = re.compile(r"[0-9a-f]{32}", re.I)
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_TIME_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Completed(click.types.FuncParamType[str, Any]):
    """A check, and where its candidates come from: a function of cli/candidates.py."""

    def __init__(self, check: Callable[[str], Any], source: str) -> None:
        super().__init__(check)
        self._complete = candidates(source)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        return self._complete(ctx, param, incomplete)


def completed(source: str) -> Callable[[Callable[[str], Any]], Completed]:
    """Make the check that follows a type of its own."""
    return lambda check: Completed(check, source)


def address(value: str) -> str:
    """A full address in its one spelling; UsageError names what is wrong with it."""
    from onionchat.crypto.address import format_address, parse_address

    return format_address(parse_address(value))


def address_or_invite(value: str) -> str:
    """Either in its one spelling, or - for stdin; UsageError names what is wrong with it."""
    from onionchat.protocol.invite import decode, encode, is_meant

    if value == "-":
        return value
    return encode(decode(value)) if is_meant(value) else address(value)


def petname(value: str) -> str:
    """A name to give to somebody; UsageError if it could be taken for something else."""
    from onionchat.node.petname import check_petname

    return check_petname(value)


@completed("contacts")
def person(value: str) -> str:
    """Somebody who is known: a name or a full address. What looks like an address must be one."""
    if not value.strip():
        raise UsageError("the name is empty", "see `onionchat contact list`")
    prefix(value)
    return address(value) if _LOOKS_LIKE_ADDRESS.fullmatch(value) else value


def prefix(value: str) -> str:
    """The beginning of a name or of an address; may be empty."""
    if not value.isprintable():
        raise UsageError("no name has such characters", "see `onionchat contact list`")
    if len(value) > LONGEST_NAME:
        raise UsageError("no name is so long", "see `onionchat contact list`")
    return value


@completed("requests")
def asker(value: str) -> str:
    """Who has asked: the number of a request, or the full address."""
    if value.isascii() and value.isdigit() and len(value) < 19:
        return value
    if not _LOOKS_LIKE_ADDRESS.fullmatch(value):
        raise UsageError(
            "a request is named by its number or by the full address",
            "see `onionchat request list`",
        )
    return address(value)


@completed("invites")
def invite_number(value: str) -> int:
    """The number of an invite."""
    if value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise UsageError("an invite is named by its number", "see `onionchat invite list`")


@completed("files")
def file(value: str) -> Path:
    """A file that is there, as a full path; who may write it is checked where it is used."""
    path = Path(value).expanduser().absolute()
    if path.is_dir():
        raise UsageError(f"{path} is a directory", "name a file in it")
    if not path.exists():
        raise UsageError(f"there is no file {path}", "check the path")
    return path


@completed("files")
def new_file(value: str) -> Path:
    """A file that is to be made, as a full path: its directory is there, the file is not."""
    path = Path(value).expanduser().absolute()
    if value in {"", "-"}:
        raise UsageError("this has to be a file", "give it a name; ./- is one, too")
    if os.path.lexists(path):
        raise RefusedError(f"{path} exists already", "choose another name; it was not changed")
    if not path.parent.is_dir():
        raise UsageError(f"there is no directory {path.parent}", "make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise RefusedError(f"nothing can be written into {path.parent}", "choose another directory")
    return path


@completed("files")
def program(value: str) -> Path:
    """A full path; whether tor is there and may be run is told where tor is looked for."""
    return Path(value).expanduser().absolute()


class Line(click.types.StringParamType):
    """A text of one line; in an environment variable one line holds one of several."""

    envvar_list_splitter = "\n"


def message_id(value: str) -> str:
    """The `id` of a message as the commands print it: 32 hexadecimal digits."""
    if not _MESSAGE_ID.fullmatch(value):
        raise UsageError(
            "that is no message ID", "take the `id` that `onionchat --json history` shows"
        )
    return value.lower()


waiting_id = Completed(message_id, "outbox")
"""The same, of a message in the outbox."""


def digits(value: str) -> str:
    """The last group of a safety number, as it was read aloud."""
    value = value.strip()
    if not _FIVE_DIGITS.fullmatch(value):
        raise UsageError(
            "the last group of a safety number has five digits",
            "let the other side read theirs to you, and give its last group",
        )
    return value


def yes(function: Callable[..., None]) -> Callable[..., None]:
    """`--yes`, where a question would be asked. Never from the environment: it is forgotten
    there, and the question is the last word before something is gone."""
    return option("--yes", is_flag=True, private=True, help="Do not ask.")(function)


def duration(value: str) -> float:
    """A length of time in one unit, as people write it; seconds."""
    found = _DURATION.fullmatch(value)
    length = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < length <= LONGEST_WAIT:
        raise UsageError(
            "that is no length of time, or longer than a year", "such as 90s, 30m, 2h or 3d"
        )
    return float(length)


def span(value: str) -> tuple[float, float]:
    """A length of time, or a range of them."""
    low, dots, high = value.partition("..")
    return duration(low), duration(high if dots else low)


def moment(value: str) -> str:
    """A time that is still to come, as RFC 3339; a time of day is the next one."""
    now = datetime.now().astimezone()
    try:
        if _TIME_OF_DAY.fullmatch(value):
            at = datetime.combine(now, time.fromisoformat(value)).astimezone()
            at = at if at > now else (at + timedelta(days=1))
        else:
            at = datetime.fromisoformat(value).astimezone()
    except ValueError:
        raise UsageError(
            "that is no time", "such as 18:30, or '2026-11-27 08:00', in your time zone"
        ) from None
    if at <= now:
        raise UsageError("this time is over", "choose one that is still to come")
    return at.isoformat()


def lifetime(value: str) -> int:
    """A length of time in seconds; 0 where there is to be no limit."""
    return 0 if value == "off" else int(duration(value))


def seconds(value: str) -> float:
    """A length of time; zero is allowed."""
    try:
        length = float(value)
    except ValueError:
        length = -1.0
    if not 0 <= length <= LONGEST_WAIT:
        raise UsageError("a time is a number of seconds, at most a year", "such as 10, or 0.5")
    return length
