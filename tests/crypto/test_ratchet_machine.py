"""Two ends and a hostile network, for as long as hypothesis likes.

The network loses, reorders, repeats and corrupts; a machine is cloned and its clone sends.
Whatever happens, an envelope that arrives whole opens to its own text once, and what is
refused leaves the state as it was to the byte. One end, or none, is the ratchet `by hand`,
so that the two writings of the protocol must agree wherever the machine goes.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from onionchat.crypto import ratchet
from onionchat.crypto.envelope import SALT, SEALED_HEADER
from onionchat.crypto.ratchet_errors import Authentic, NotMine
from onionchat.errors import RemoteError
from tests.crypto.ratchet_by_hand import ByHand
from tests.crypto.ratchet_pair import End, secrets

SIDES = st.sampled_from([0, 1])
SECRETS = secrets()


class Network(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.ends: list[End | ByHand] = []
        self.said: list[list[bytes]] = [[], []]
        self.on_the_way: tuple[list[bytes], list[bytes]] = ([], [])
        self.texts: dict[bytes, bytes] = {}
        self.arrived: set[bytes] = set()
        self.count = 0

    @initialize(by_hand=st.sampled_from(["nobody", "alice", "bob"]))
    def meet(self, by_hand: str) -> None:
        alices, bobs = SECRETS
        alice = (
            ByHand.alice(alices, b"x" * 32, b"k" * 64)
            if by_hand == "alice"
            else End(ratchet.start_alice(alices))
        )
        bob = ByHand.bob(bobs) if by_hand == "bob" else End(ratchet.start_bob(bobs))
        self.ends = [alice, bob]
        bob.hear(alice.say(b"hello"))

    @rule(who=SIDES)
    def say(self, who: int) -> None:
        self.count += 1
        text = b"message %d" % self.count
        wire = self.ends[who].say(text)
        self.texts[wire] = text
        self.on_the_way[1 - who].append(wire)

    @precondition(lambda self: any(self.on_the_way))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        who, wire = self.draw(data)
        heard = self.ends[who].hear(wire)
        padded = heard if isinstance(heard, bytes) else heard.padded
        assert padded == self.texts[wire]
        self.on_the_way[who].remove(wire)
        self.arrived.add(wire)

    @precondition(lambda self: any(self.on_the_way))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        who, wire = self.draw(data)
        self.on_the_way[who].remove(wire)

    @precondition(lambda self: any(self.on_the_way))
    @rule(data=st.data())
    def corrupt(self, data: st.DataObject) -> None:
        who, wire = self.draw(data)
        parts = ((0, SALT), (SALT, SEALED_HEADER), (SEALED_HEADER, len(wire)))
        start, end = data.draw(st.sampled_from(parts))
        at = data.draw(st.integers(start, end - 1))
        self.refused(who, wire[:at] + bytes([wire[at] ^ 0x40]) + wire[at + 1 :], RemoteError)

    @precondition(lambda self: self.arrived)
    @rule(data=st.data(), who=SIDES)
    def replay(self, data: st.DataObject, who: int) -> None:
        """To either side: a reflection is not mine, a replay was used or is long forgotten."""
        wire = data.draw(st.sampled_from(sorted(self.arrived)))
        self.refused(who, wire, (NotMine, Authentic))

    @rule(who=SIDES)
    def clone(self, who: int) -> None:
        """A clone and the original send the same number: the second is refused."""
        clone = self.ends[who].copy()
        wire, copied = self.ends[who].say(b"original"), clone.say(b"clone")
        self.ends[1 - who].hear(wire)
        self.refused(1 - who, copied, Authentic)

    @invariant()
    def keys_are_limited(self) -> None:
        assert all(len(end.skipped) <= 1000 for end in self.ends)

    def draw(self, data: st.DataObject) -> tuple[int, bytes]:
        who = data.draw(st.sampled_from([who for who in (0, 1) if self.on_the_way[who]]))
        return who, data.draw(st.sampled_from(self.on_the_way[who]))

    def refused(
        self, who: int, wire: bytes, kind: type[RemoteError] | tuple[type[RemoteError], ...]
    ) -> None:
        end = self.ends[who]
        before = end.frozen()
        with pytest.raises(kind):
            end.hear(wire)
        assert end.frozen() == before


TestNetwork = Network.TestCase
TestNetwork.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
