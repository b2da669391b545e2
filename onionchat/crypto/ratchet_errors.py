"""Why an envelope was not opened. All are the peer's doing, or a network's.

NotMine      no header key of this session opens it
Authentic    the header is the peer's own; `digest` names it
  Refused    its body does not open, or its header breaks a rule
  TooFar     it jumps further than we would ever store keys for
  Clone      its number was used by another envelope, or its chain contradicts itself:
             two machines speak with one state
"""
# ruff: noqa: N818 -- the leaves are named by what happened

from onionchat.errors import RemoteError
from onionchat.types import SessionId


class NotMine(RemoteError):
    """No header key opens it."""


class Authentic(RemoteError):
    """`digest`: SHA-256 of its encrypted header; `sid`: set by who knows the session."""

    def __init__(self, message: str, digest: bytes) -> None:
        super().__init__(message)
        self.digest = digest
        self.sid: SessionId | None = None


class Refused(Authentic):
    pass


class TooFar(Authentic):
    pass


class Clone(Authentic):
    pass
