"""The table of verbs: name, what goes in, what comes out, the function.

A verb's name is the command with dots (`contact add` is `contact.add`) and its
parameters are called like the command's arguments, so that somebody who knows one
face knows the other. Parameters arrive as a msgspec Struct: a field that is
missing, unknown or of the wrong type never reaches the function.

`offline` says that the verb needs only the unlocked profile: without a running node
the command line calls the same function itself, with the passphrase.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

import msgspec

from onionchat.node.profile import Profile

Params = TypeVar("Params", bound=msgspec.Struct)
Result = TypeVar("Result")


class NoParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a verb that takes none."""


@dataclass(frozen=True)
class Verb:
    """One row of the table. `call` takes the profile and a `params` Struct."""

    name: str
    params: type[msgspec.Struct]
    call: Callable[[Profile, Any], Awaitable[Any]]
    offline: bool
    doc: str

    @property
    def result(self) -> Any:
        """The type that `call` returns, as annotated."""
        return get_type_hints(self.call)["return"]


VERBS: dict[str, Verb] = {}


def verb(
    name: str, params: type[Params], *, offline: bool = False
) -> Callable[
    [Callable[[Profile, Params], Awaitable[Result]]], Callable[[Profile, Params], Awaitable[Result]]
]:
    """Enter the decorated function in the table under `name`."""

    def enter(
        function: Callable[[Profile, Params], Awaitable[Result]],
    ) -> Callable[[Profile, Params], Awaitable[Result]]:
        VERBS[name] = Verb(name, params, function, offline, (function.__doc__ or "").strip())
        return function

    return enter
