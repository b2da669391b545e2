"""What a handshake leaves behind for the ratchet."""

from onionchat.crypto.secret import Secret
from onionchat.types import SessionId


class SessionSecrets(Secret, frozen=True):
    """The keys of one session (docs/protocol.md 2), 32 bytes each, never printed.

    Alice, who dialled, knows the other side's first ratchet keys: `peer_dh` (32 bytes) and
    `peer_ek` (1184). Bob has their private halves: `dh_private` (32) and `kem_seed` (64).
    """

    sid: SessionId
    ad: bytes
    sk: bytes
    hka: bytes
    nhkb: bytes
    dh_private: bytes | None = None
    kem_seed: bytes | None = None
    peer_dh: bytes | None = None
    peer_ek: bytes | None = None
