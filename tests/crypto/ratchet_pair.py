"""Two ratchets joined in memory: the instrument of the ratchet's tests.

An End keeps what the node's store would: the state, and the skipped keys newest first. It
changes neither unless an envelope opened, which is the rule under test.
"""

from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from onionchat.crypto import envelope, ratchet
from onionchat.crypto.handshake import Initiator, Responder
from onionchat.crypto.header import Header
from onionchat.crypto.identity import Identity
from onionchat.crypto.ratchet import HeaderKeyNumber, Opened
from onionchat.crypto.ratchet_state import State
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.errors import RemoteError

ALICE = Identity.from_seed(b"a" * 32)
BOB = Identity.from_seed(b"b" * 32)


@dataclass
class End:
    """One side of a session, and everything that it has opened."""

    state: State
    skipped: dict[HeaderKeyNumber, bytes] = field(default_factory=dict)
    opened: list[bytes] = field(default_factory=list)

    def say(self, text: bytes) -> bytes:
        self.state, wire = ratchet.encrypt(self.state, text)
        return wire

    def hear(self, wire: bytes) -> Opened:
        """Open and commit; whatever is raised leaves this end as it was."""
        opened = ratchet.decrypt(self.state, self.skipped, wire)
        self.state = State.decode(opened.state.encode())
        for key in opened.dropped:
            del self.skipped[key]
        new = {(key, number): mk for key, number, mk in reversed(opened.stored)}
        self.skipped = new | self.skipped
        self.opened.append(opened.padded)
        return opened

    def copy(self) -> "End":
        """What a cloned machine, or an old backup of it, has."""
        return End(self.state, dict(self.skipped), list(self.opened))

    def frozen(self) -> tuple[bytes, dict[HeaderKeyNumber, bytes]]:
        return self.state.encode(), dict(self.skipped)


def secrets() -> tuple[SessionSecrets, SessionSecrets]:
    """A new session's secrets: Alice's, Bob's."""
    initiator, responder = Initiator(ALICE, BOB.key), Responder(BOB)
    m3, alices = initiator.m3(responder.m2(initiator.m1()))
    _, bobs = responder.finish(m3)
    return alices.session, bobs.session


def pair() -> tuple[End, End]:
    """Alice, who may speak, and Bob, who must hear her first."""
    alices, bobs = secrets()
    return End(ratchet.start_alice(alices)), End(ratchet.start_bob(bobs))


def talking() -> tuple[End, End]:
    """Both have heard the other once."""
    alice, bob = pair()
    bob.hear(alice.say(b"hello"))
    alice.hear(bob.say(b"hello yourself"))
    return alice, bob


def refuses(end: End, wire: bytes, kind: type[RemoteError]) -> RemoteError:
    """It is refused as this, and nothing has changed."""
    before = end.frozen()
    with pytest.raises(kind) as refused:
        end.hear(wire)
    assert end.frozen() == before
    return refused.value


def forged(alice: End, **fields: int | bytes) -> bytes:
    """An envelope that only Alice's own state can make, with a header of our choice."""
    chain = alice.state.sending
    assert chain is not None
    plain = {"pn": alice.state.root.pn, "n": chain.n} | fields
    header = Header(int(plain["pn"]), int(plain["n"]), chain.keys)
    parts = (fields.get(name, getattr(header, name)) for name in ("dh", "ek", "ct"))
    header = replace(header, keys=b"".join(map(bytes, parts)))
    mk, _ = chain.take()
    return envelope.seal(chain.hk, mk, header, b"forged", alice.state.ad, bytes(32))
