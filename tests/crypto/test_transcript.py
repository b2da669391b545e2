import pytest

from onionchat.crypto.transcript import Transcript
from onionchat.errors import RemoteError
from tests.crypto.by_hand import Sym


def pair() -> tuple[Transcript, Transcript]:
    both = Transcript(), Transcript()
    for one in both:
        one.mix_hash(b"said")
        one.mix_key(b"known", b"es")
    return both


def test_it_is_that_of_the_text() -> None:
    mine, by_hand = Transcript(), Sym()
    assert by_hand.h.hex() == "4a73775ff8a904b54c115b2125533aa41cf9d63dedeb537a27953e53779aed3c"
    for data, secret, label in ((b"", b"", b""), (b"x", b"secret", b"es"), (b"yy", b"s", b"se")):
        mine.mix_hash(data)
        by_hand.mix_hash(data)
        mine.mix_key(secret, label)
        by_hand.mix_key(secret, label)
        assert mine.seal(b"hello") == by_hand.enc(b"hello")
    assert mine.session().sid.hex() == by_hand.split()["sid"]
    assert mine.channel()[1].hex() == by_hand.split()["k_ri"]


def test_what_one_seals_the_other_opens() -> None:
    one, other = pair()
    assert other.open(one.seal(b"hello")) == b"hello"
    assert one.channel() == other.channel()


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(40)])
def test_what_was_not_sealed_does_not_open(sealed: bytes) -> None:
    one, _ = pair()
    with pytest.raises(RemoteError):
        one.open(sealed)


def test_a_key_seals_once() -> None:
    one, other = pair()
    sealed = one.seal(b"hello")
    with pytest.raises(ValueError, match="key"):
        one.seal(b"hello")
    other.open(sealed)
    with pytest.raises(ValueError, match="key"):
        other.open(sealed)


def test_what_was_said_and_how_it_is_called_both_count() -> None:
    one, other = pair()
    one.mix_hash(b"ab")
    other.mix_hash(b"a")
    other.mix_hash(b"b")
    assert one.channel() != other.channel()
    one, other = pair()
    one.mix_key(b"secret", b"ee")
    other.mix_key(b"secret", b"se")
    assert one.channel() != other.channel()
