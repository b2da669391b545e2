"""Two channels and a hostile wire, for as long as hypothesis likes.

Frames are sent, cut anywhere, and at some point corrupted, repeated or swapped. What arrives
is a prefix of what was said, in order; the first wrong byte ends it, and nothing comes after.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from onionchat.protocol.events import Envelope, EnvelopeReceived, Frame, Ping, Pinged
from tests.protocol.pair import Side, greeted

SIDES = st.sampled_from([0, 1])
PAYLOADS = st.binary(max_size=64)


class Wire(RuleBasedStateMachine):
    @initialize()
    def connect(self) -> None:
        self.sides: tuple[Side, Side] = greeted()
        self.said: list[list[object]] = [[], []]
        self.heard_before = [len(side.seen) for side in self.sides]
        self.on_the_way = [bytearray(), bytearray()]
        self.tampered = [False, False]

    def send(self, who: int, frame: Frame, event: object) -> None:
        self.on_the_way[1 - who] += self.sides[who].say(frame)
        self.said[1 - who].append(event)

    def alive(self, who: int) -> bool:
        return self.sides[who].error is None

    @rule(who=SIDES, payload=PAYLOADS, large=st.booleans())
    def envelope(self, who: int, payload: bytes, large: bool) -> None:
        wire = payload * 40 if large else payload
        if self.alive(who):
            self.send(who, Envelope(wire), EnvelopeReceived(wire))

    @rule(who=SIDES, data=PAYLOADS)
    def ping(self, who: int, data: bytes) -> None:
        if self.alive(who):
            self.send(who, Ping(data), Pinged(data))

    @rule(who=SIDES, size=st.integers(1, 9000))
    def deliver(self, who: int, size: int) -> None:
        piece, self.on_the_way[who] = self.on_the_way[who][:size], self.on_the_way[who][size:]
        if self.alive(who):
            self.sides[who].hear(bytes(piece))

    @precondition(lambda self: any(self.on_the_way))
    @rule(who=SIDES, data=st.data())
    def corrupt(self, who: int, data: st.DataObject) -> None:
        if self.on_the_way[who]:
            at = data.draw(st.integers(0, len(self.on_the_way[who]) - 1))
            self.on_the_way[who][at] ^= data.draw(st.integers(1, 255))
            self.tampered[who] = True

    @rule(who=SIDES)
    def repeat(self, who: int) -> None:
        """The whole of what is on the way once more: each counter is good for one frame."""
        if self.on_the_way[who]:
            self.on_the_way[who] *= 2
            self.tampered[who] = True

    @invariant()
    def what_arrived_is_a_prefix_of_what_was_said(self) -> None:
        for who, side in enumerate(self.sides):
            heard = side.seen[self.heard_before[who] :]
            assert heard == self.said[who][: len(heard)]
            if not self.tampered[who]:
                assert side.error is None


TestWire = Wire.TestCase
TestWire.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
