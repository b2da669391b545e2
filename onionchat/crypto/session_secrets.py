"""What a handshake leaves behind for the ratchet."""

from dataclasses import dataclass, field

from onionchat.types import SessionId


@dataclass(frozen=True, slots=True)
class SessionSecrets:
    """The keys of one session (docs/protocol.md 2), 32 bytes each, never printed.

    Alice, who dialled, knows the other side's first ratchet keys: `peer_dh` (32 bytes) and
    `peer_ek` (1184). Bob has their private halves: `dh_private` (32) and `kem_seed` (64).
    """

    sid: SessionId
    ad: bytes = field(repr=False)
    sk: bytes = field(repr=False)
    hka: bytes = field(repr=False)
    nhkb: bytes = field(repr=False)
    dh_private: bytes | None = field(default=None, repr=False)
    kem_seed: bytes | None = field(default=None, repr=False)
    peer_dh: bytes | None = field(default=None, repr=False)
    peer_ek: bytes | None = field(default=None, repr=False)
