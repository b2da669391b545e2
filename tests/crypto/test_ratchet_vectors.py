"""Envelopes on file: a changed label, order or size anywhere turns them red."""

from typing import Any

import pytest

from onionchat.crypto import envelope, ratchet
from onionchat.crypto.ratchet_errors import Clone, NotMine, Refused, TooFar
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.errors import RemoteError
from tests.crypto.ratchet_pair import End
from tests.vectors import load

CLASSES: dict[str, type[RemoteError]] = {
    "not-mine": NotMine,
    "refused": Refused,
    "too-far": TooFar,
    "clone": Clone,
}


def replay() -> None:
    vector = load("ratchet")
    keys: Any = {name: bytes.fromhex(value) for name, value in vector["session"].items()}
    bob = End(ratchet.start_bob(SessionSecrets(**keys)))
    for arrival in vector["alice"]:
        wire = bytes.fromhex(arrival["wire"])
        if "refused" in arrival:
            with pytest.raises(CLASSES[arrival["refused"]]):
                bob.hear(wire)
        else:
            assert bob.hear(wire).padded.hex() == arrival["text"]


def test_bob_reads_what_is_on_file() -> None:
    replay()


def test_the_control_another_label_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "_HEADER", b"onionchat/2 hdr\0")
    with pytest.raises(RemoteError):
        replay()
