"""Arguments that are checked before anything is asked of the node.

Their modules are imported when there is something to check: reading an address needs
the curve's arithmetic, and most commands need neither. Errors are our own sentences,
with the next step, instead of click's.
"""

import re
from typing import Any

import click

from onionchat.errors import UsageError

_LOOKS_LIKE_ADDRESS = re.compile(r"onionchat:|.*\.onion|[a-z2-7]{56}", re.IGNORECASE | re.DOTALL)


class Address(click.ParamType):
    """A full address; UsageError names what is wrong with it."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from onionchat.crypto.address import format_address, parse_address

        return format_address(parse_address(value))


class Petname(click.ParamType):
    """A name to give to somebody; UsageError if it could be taken for something else."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from onionchat.node.petname import check_petname

        return check_petname(value)


class Person(click.ParamType):
    """Somebody who is known: a name or a full address. What looks like an address must be one."""

    name = "person"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.strip():
            raise UsageError("the name is empty", "see `onionchat contact list`")
        if _LOOKS_LIKE_ADDRESS.fullmatch(value):
            return ADDRESS.convert(value, param, ctx)
        return str(value)


class Seconds(click.FloatRange):
    """A length of time; zero is allowed, not-a-number and for ever are not."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(min=0, max=366 * 24 * 3600)


ADDRESS = Address()
PETNAME = Petname()
PERSON = Person()
SECONDS = Seconds()
