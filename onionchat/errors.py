"""Every way this program can fail, as one tree.

    OnionchatError
      LocalError       our own bug: loud, never caught on the way up      exit 1
      RemoteError      the peer broke the protocol: the link closes, the
                       class is logged, the content never                 never reaches a user
      UserError        something a person can act on
        UsageError         the command line or an argument is wrong       exit 2
        UnreachableError   the node, tor or the network is away           exit 3
        IdentityError      not verified where that was demanded           exit 4
        UndeliveredError   waiting ended before delivery                  exit 5
        LockedError        locked, wrong or missing passphrase            exit 6
        NotFoundError      no such profile, contact, request, message     exit 7
        RefusedError       blocked, too large, exists, full               exit 8
          ScarceError      not now: the disk, memory or descriptors
        DamagedError       a keyslot or database fails its checks         exit 9
        Interrupted        Ctrl-C                                         exit 130

A UserError is a sentence that says what happened and a hint that says the next
step. Its name and exit code are the contract with scripts; the JSON-RPC code is
-32010 minus the exit code, so that the two faces cannot drift apart.
"""


class OnionchatError(Exception):
    """The root. Carries the contract's name and exit code, and a hint or none."""

    name = "internal"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def rpc_code(self) -> int:
        return -32010 - self.exit_code


class LocalError(OnionchatError):
    """We did something we must never do. Report it; do not handle it."""


class RemoteError(OnionchatError):
    """The peer sent what the protocol forbids. Its text names the rule, never the bytes."""


class UserError(OnionchatError):
    """Something a person can act on."""


class UsageError(UserError):
    name, exit_code = "usage", 2


class UnreachableError(UserError):
    name, exit_code = "unreachable", 3


class IdentityError(UserError):
    name, exit_code = "identity", 4


class UndeliveredError(UserError):
    name, exit_code = "undelivered", 5


class LockedError(UserError):
    name, exit_code = "locked", 6


class NotFoundError(UserError):
    name, exit_code = "not-found", 7


class RefusedError(UserError):
    name, exit_code = "refused", 8


class ScarceError(RefusedError):
    """The machine lacks something, or its disk fails: the same may go well later."""


class DamagedError(UserError):
    name, exit_code = "damaged", 9


class Interrupted(UserError):  # noqa: N818 - named for what happened, not for an error
    name, exit_code = "interrupted", 130


def rebuild(name: str, message: str, hint: str) -> OnionchatError:
    """The error that another process of ours named, as an exception here."""
    for kind in UserError.__subclasses__():
        if kind.name == name:
            return kind(message, hint)
    return OnionchatError(message, hint)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first in a group of tasks: one sentence is told, not a tree."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
