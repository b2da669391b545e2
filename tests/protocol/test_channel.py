import pytest

from onionchat.errors import LocalError, RemoteError
from onionchat.protocol import hello as hellos
from onionchat.protocol.channel import Channel, Role
from onionchat.protocol.events import (
    Bye,
    Envelope,
    EnvelopeReceived,
    Frame,
    HandshakeDone,
    PeerBye,
    PeerHello,
    Ping,
    Pinged,
    Pong,
    Ponged,
)
from onionchat.protocol.framing import Kind, Sealer
from onionchat.protocol.hello import Hello, Purpose
from onionchat.protocol.limits import READ_BYTES, UNPROVEN_BYTES
from onionchat.types import Incarnation
from tests.protocol.pair import (
    HELLO_I,
    HELLO_R,
    INITIATOR,
    RESPONDER,
    Side,
    greeted,
    seeded,
    strangers,
)

TALK: list[Frame] = [Envelope(b"e" * 3884), Ping(b"?" * 64), Pong(), Envelope(b""), Bye()]
HEARD = [EnvelopeReceived(b"e" * 3884), Pinged(b"?" * 64), Ponged(b""), EnvelopeReceived(b"")]


def keyed() -> tuple[Side, Side, Sealer, Sealer]:
    """Behind M3 and before any hello; with what an initiator or responder could seal at will."""
    initiator, responder = strangers()
    responder.hear(initiator.channel.take())
    [done] = initiator.channel.receive(responder.channel.take())
    assert isinstance(done, HandshakeDone)
    responder.hear(initiator.channel.take())
    return initiator, responder, Sealer(done.secrets.k_ir), Sealer(done.secrets.k_ri)


# The way of a connection


def test_a_conversation_from_the_first_byte_to_the_last() -> None:
    initiator, responder = strangers()
    m1 = initiator.channel.take()
    assert (len(m1), responder.hear(m1)) == (34, [])
    m2 = responder.channel.take()
    assert len(m2) == 1260
    [done] = initiator.hear(m2)
    assert isinstance(done, HandshakeDone)
    assert done == HandshakeDone(RESPONDER.key, initiator.channel.secrets)  # type: ignore[arg-type]  # None is unequal
    m3 = initiator.channel.take()
    assert len(m3) == 1138 + 488
    assert responder.hear(m3) == [PeerHello(HELLO_I)]
    assert responder.channel.peer == INITIATOR.key
    assert initiator.hear(responder.channel.take()) == [PeerHello(HELLO_R)]
    for one, other in ((initiator, responder), (responder, initiator)):
        assert other.hear(one.say(*TALK)) == [*HEARD, PeerBye()]
    assert initiator.error is responder.error is None


def test_both_ends_derive_the_same_session() -> None:
    initiator, responder = greeted()
    assert initiator.channel.secrets is not None
    assert responder.channel.secrets is not None
    assert initiator.channel.secrets.session.sid == responder.channel.secrets.session.sid
    assert (initiator.channel.role, responder.channel.role) == (Role.INITIATOR, Role.RESPONDER)


def test_the_responder_says_nothing_before_the_whole_of_m1() -> None:
    initiator, responder = strangers()
    m1 = initiator.channel.take()
    responder.hear(m1[:-1], chunk=1)
    assert responder.channel.take() == b""
    responder.hear(m1[-1:])
    assert len(responder.channel.take()) == 1260


def test_m3_alone_proves_nobody() -> None:
    _, responder, seal, _ = keyed()
    assert responder.seen == []
    assert (responder.channel.peer, responder.channel.secrets) == (None, None)
    hello = seal.seal(Kind.HELLO, hellos.encode(HELLO_I))
    responder.hear(hello[:-1])
    assert responder.channel.peer is None
    assert responder.channel.take() == b""
    assert responder.hear(hello[-1:]) == [PeerHello(HELLO_I)]
    assert responder.channel.peer == INITIATOR.key


def test_frames_behind_the_hello_in_the_same_write() -> None:
    initiator, responder, _, _ = keyed()
    assert responder.hear(initiator.say(HELLO_I, Ping(b"1"))) == [PeerHello(HELLO_I), Pinged(b"1")]


def test_what_may_be_read() -> None:
    initiator, responder = strangers()
    m1 = initiator.channel.take()
    assert responder.channel.want == UNPROVEN_BYTES
    responder.hear(m1)
    assert responder.channel.want == UNPROVEN_BYTES - 34
    initiator.hear(responder.channel.take())
    assert initiator.channel.want == READ_BYTES
    m3 = initiator.channel.take()
    responder.hear(m3[:-1])
    assert responder.channel.want == UNPROVEN_BYTES - 34 - 1625
    responder.hear(m3[-1:])
    assert responder.channel.want == READ_BYTES
    responder.hear(initiator.say(Bye()))
    assert responder.channel.want == 0


def test_reading_more_than_that_is_our_own_bug() -> None:
    initiator, responder = strangers()
    with pytest.raises(LocalError):
        responder.channel.receive(bytes(UNPROVEN_BYTES + 1))
    responder.channel.receive(initiator.channel.take() + b"\1\3")
    with pytest.raises(LocalError):
        responder.channel.receive(bytes(UNPROVEN_BYTES - 35))


@pytest.mark.parametrize("chunk", [1, 7, 487, 489, 4000])
def test_the_cut_of_the_bytes_does_not_matter(chunk: int) -> None:
    initiator, responder = strangers()
    responder.hear(initiator.channel.take(), chunk)
    initiator.hear(responder.channel.take(), chunk)
    responder.hear(initiator.channel.take(), chunk)
    initiator.hear(responder.channel.take(), chunk)
    assert initiator.seen[1:] == [PeerHello(HELLO_R)]
    assert responder.seen == [PeerHello(HELLO_I)]
    for one, other in ((initiator, responder), (responder, initiator)):
        assert other.hear(one.say(*TALK), chunk) == [*HEARD, PeerBye()]


# What the peer may not do


def hello_with(**changes: int) -> bytes:
    fields = {"features": 0, "purpose": Purpose.TALK, **changes}
    return hellos.encode(Hello(fields["features"], Purpose(fields["purpose"]), INCARNATION))


INCARNATION = Incarnation(b"i" * 16)
FIRST_REFUSED = {
    "envelope": (Kind.ENVELOPE, b"e"),
    "ping": (Kind.PING, b""),
    "bulk": (Kind.BULK, b""),
    "bye": (Kind.BYE, b""),
    "hello cut short": (Kind.HELLO, hello_with()[:-1]),
    "hello of class 1": (Kind.HELLO, hello_with() + bytes(468)),
    "bulk purpose": (Kind.HELLO, hello_with(purpose=1)),
    "bulk purpose and every feature": (Kind.HELLO, hello_with(purpose=1, features=2**64 - 1)),
}


@pytest.mark.parametrize("frame", FIRST_REFUSED.values(), ids=FIRST_REFUSED.keys())
@pytest.mark.parametrize("chunk", [1, 65536])
def test_the_first_frame_must_be_a_hello(frame: tuple[Kind, bytes], chunk: int) -> None:
    initiator, responder, seal_i, seal_r = keyed()
    initiator.say(HELLO_I)
    for side, seal in ((responder, seal_i), (initiator, seal_r)):
        assert side.hear(seal.seal(*frame), chunk) == []
        assert side.error is not None
        assert side.channel.secrets is None
    assert responder.channel.peer is None


def test_the_responder_may_not_greet_first() -> None:
    initiator, _, _, seal = keyed()
    assert initiator.hear(seal.seal(Kind.HELLO, hello_with())) == []
    assert initiator.error is not None


LATER_REFUSED = {
    "a second hello": (Kind.HELLO, hello_with()),
    "bulk": (Kind.BULK, b"data"),
    "ping of 65 bytes": (Kind.PING, bytes(65)),
    "pong of 65 bytes": (Kind.PONG, bytes(65)),
    "ping of class 1": (Kind.PING, bytes(469)),
    "bye that says more": (Kind.BYE, b"!"),
}


@pytest.mark.parametrize("frame", LATER_REFUSED.values(), ids=LATER_REFUSED.keys())
@pytest.mark.parametrize("chunk", [1, 65536])
def test_frames_that_end_it(frame: tuple[Kind, bytes], chunk: int) -> None:
    for first, second in ((0, 1), (1, 0)):
        initiator, responder, *seals = keyed()
        responder.hear(initiator.say(HELLO_I))
        initiator.hear(responder.channel.take())
        seals[first].seal(Kind.HELLO, b"the counter of the hello")
        side = (initiator, responder)[second]
        data = seals[first].seal(Kind.PING, b"1") + seals[first].seal(*frame)
        assert side.hear(data + seals[first].seal(Kind.PING, b"2"), chunk) == [Pinged(b"1")]
        assert side.error is not None


@pytest.mark.parametrize("chunk", [1, 65536])
def test_nothing_comes_behind_a_bye(chunk: int) -> None:
    initiator, responder = greeted()
    assert responder.hear(initiator.say(Bye()) + b"\0", chunk) == [PeerBye()]
    assert responder.error is not None


@pytest.mark.parametrize("size_class", [7, 255])
def test_a_class_too_high_ends_it_with_its_first_byte(size_class: int) -> None:
    _, responder = greeted()
    responder.hear(bytes([size_class]))
    assert responder.error is not None


@pytest.mark.parametrize("start", [b"\0", b"\2", b"\1\0", b"\1\2", b"\1\3", b"\1\4", b"GET /"])
def test_a_wrong_version_or_kind_ends_it_with_that_byte(start: bytes) -> None:
    initiator, responder = strangers()
    responder.hear(start)
    assert responder.error is not None
    assert responder.channel.take() == b""
    initiator.hear(start.replace(b"\1\2", b"\1\1"))
    assert initiator.error is not None


def test_a_dead_channel_stays_dead_and_silent() -> None:
    initiator, responder = greeted()
    initiator.channel.send(Ping())
    initiator.hear(b"\xff")
    assert initiator.channel.take() == b""
    for attempt in (
        lambda: initiator.channel.receive(responder.say(Ping())),
        lambda: initiator.channel.receive(b""),
        lambda: initiator.channel.send(Bye()),
        lambda: initiator.channel.want,
    ):
        with pytest.raises(RemoteError) as caught:
            attempt()
        assert caught.value is initiator.error


def test_the_wrong_person_answers() -> None:
    me = strangers()[0]
    other = Side(Channel.answer(INITIATOR, seeded(b"r")))
    other.hear(me.channel.take())
    assert me.hear(other.channel.take()) == []
    assert me.error is not None
    assert me.channel.peer is None


def test_a_replayed_connection_is_not_believed() -> None:
    initiator, responder = strangers(b"first")
    m1 = initiator.channel.take()
    responder.hear(m1)
    initiator.hear(responder.channel.take())
    rest = initiator.channel.take() + initiator.say(Envelope(b"e"))
    assert len(responder.hear(rest)) == 2
    again = strangers(b"second")[1]
    assert again.hear(m1) == again.hear(rest[:4000]) == []
    assert again.error is not None


def test_a_reflected_frame_does_not_open() -> None:
    initiator, responder = greeted()
    assert initiator.hear(initiator.say(Ping(b"1"))) == []
    assert initiator.error is not None
    assert responder.hear(responder.say(Envelope(b"e"))) == []
    assert responder.error is not None


def said(seed: bytes) -> tuple[list[bytes], list[bytes]]:
    """Everything that the initiator says in one conversation, and the responder."""
    initiator, responder = strangers(seed)
    m1 = initiator.channel.take()
    responder.hear(m1)
    m2 = responder.channel.take()
    initiator.hear(m2)
    m3 = initiator.channel.take()
    responder.hear(m3)
    hello = responder.channel.take()
    to_responder = [m1, m3[:1138], m3[1138:], initiator.say(Ping(b"1"))]
    return to_responder, [m2, hello, responder.say(Ping(b"1"))]


def test_whoever_changes_their_mind_is_not_heard_again() -> None:
    """At any point, something from elsewhere in this conversation, or from another."""
    ours, others = said(b"ours"), said(b"another's")
    for role, honest in ((1, ours[0]), (0, ours[1])):
        for stage, wanted in enumerate(honest):
            for piece in {*ours[0], *ours[1], *others[0][1:], *others[1]} - {wanted}:
                side = strangers(b"ours")[role]
                for before in honest[:stage]:
                    side.hear(before)
                side.channel.take()
                assert side.hear(piece) == []
                assert side.error is not None or side.channel.take() == b""
                assert side.hear(bytes(31232)) == []
                assert side.error is not None


# What we may not do


def test_frames_out_of_turn_are_our_own_bug_and_change_nothing() -> None:
    initiator, responder = strangers()
    for side in (initiator, responder):
        with pytest.raises(LocalError):
            side.channel.send(HELLO_I)
    initiator, responder, _, _ = keyed()
    for side, frame in ((initiator, Ping()), (initiator, Bye()), (responder, HELLO_R)):
        with pytest.raises(LocalError):
            side.channel.send(frame)
    assert responder.hear(initiator.say(HELLO_I)) == [PeerHello(HELLO_I)]
    for bad in (HELLO_I, Ping(bytes(65)), Pong(bytes(65)), Envelope(bytes(31213))):
        with pytest.raises(LocalError):
            initiator.channel.send(bad)
    assert responder.hear(initiator.say(Ping(b"1"), Bye())) == [Pinged(b"1"), PeerBye()]
    with pytest.raises(LocalError):
        initiator.channel.send(Ping())


def test_the_other_side_of_a_bye_may_still_speak() -> None:
    initiator, responder = greeted()
    responder.hear(initiator.say(Bye()))
    assert initiator.hear(responder.say(Envelope(b"late"), Bye())) == [
        EnvelopeReceived(b"late"),
        PeerBye(),
    ]


# Every byte counts


def flips(data: bytes) -> list[bytes]:
    """`data` with one bit changed, at each position in turn."""
    return [data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(len(data))]


def test_a_flipped_bit_in_m1_ends_it_before_anybody_is_proven() -> None:
    for m1 in flips(strangers()[0].channel.take()):
        initiator, responder = strangers()
        responder.hear(m1)
        initiator.hear(responder.channel.take())
        assert initiator.seen == responder.seen == []
        assert responder.error or initiator.error


def test_a_flipped_bit_in_m2_ends_it() -> None:
    initiator, responder = strangers()
    responder.hear(initiator.channel.take())
    for m2 in flips(responder.channel.take()):
        initiator, _ = strangers()
        assert initiator.hear(m2) == []
        assert initiator.error is not None
        assert len(initiator.channel.take()) == 0


def test_a_flipped_bit_in_m3_or_the_first_frame_ends_it() -> None:
    initiator, responder = strangers()
    m1 = initiator.channel.take()
    responder.hear(m1)
    initiator.hear(responder.channel.take())
    m3_and_hello = initiator.channel.take()
    for bad in flips(m3_and_hello):
        _, responder = strangers()
        responder.hear(m1)
        responder.channel.take()
        assert responder.hear(bad) == []
        assert responder.error is not None
        assert responder.channel.take() == b""
    _, responder = strangers()
    responder.hear(m1)
    assert responder.hear(m3_and_hello) == [PeerHello(HELLO_I)], "the control: unflipped"


def test_a_flipped_bit_in_an_envelope_ends_it() -> None:
    initiator, responder = strangers()
    m1 = initiator.channel.take()
    responder.hear(m1)
    initiator.hear(responder.channel.take())
    before, envelope = initiator.channel.take(), initiator.say(Envelope(b"e" * 3884))
    for bad in [*flips(envelope)[::16], flips(envelope)[-1]]:
        _, responder = strangers()
        responder.hear(m1)
        assert responder.hear(before + bad) == [PeerHello(HELLO_I)]
        assert responder.error is not None
