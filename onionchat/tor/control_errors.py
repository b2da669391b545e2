"""What can go wrong between us and tor's control port, in words that hold no secret.

tor's own words are passed on, but never a key or an address in them: whatever looks like
one is cut out, because these sentences reach logs, terminals and bug reports.
"""
# ruff: noqa: N818 -- named by what happened

import re

from onionchat.errors import UnreachableError, UserError

_KEY_LIKE = re.compile(r"[A-Za-z0-9+/=]{40,}")


class ControlLost(UnreachableError):
    """The connection is gone or tor no longer answers; it is made again by itself."""

    def __init__(self, message: str = "tor no longer answers on its control port") -> None:
        super().__init__(message, "it is tried again by itself")


class ControlRefused(UnreachableError):
    """tor said no: `code` is its three digits."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(
            f"tor refused a command: {code} {without_keys(text)}",
            "a filter before the control port must allow it: see docs/tails-whonix.md"
            if code == 510
            else "",
        )
        self.code = code


def one_line(error: UserError) -> str:
    """What happened and what to do, for a place that has room for one sentence."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def without_keys(text: str) -> str:
    return _KEY_LIKE.sub("[...]", text)
