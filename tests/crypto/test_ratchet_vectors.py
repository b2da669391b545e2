"""Envelopes on file: a changed label, order or size anywhere turns them red."""

import hashlib
import io
from typing import Any

import pytest

from onionchat.crypto import envelope, ratchet
from onionchat.crypto.ratchet_chain import ReceivingChain, SendingChain
from onionchat.crypto.ratchet_errors import Clone, NotMine, Refused, TooFar
from onionchat.crypto.ratchet_state import OwnKeys, Root, State
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.errors import RemoteError
from onionchat.types import SessionId
from tests.crypto.ratchet_pair import End
from tests.vectors import load

VECTORS = load("ratchet")
CLASSES: dict[str, type[RemoteError]] = {
    "not-mine": NotMine,
    "refused": Refused,
    "too-far": TooFar,
    "clone": Clone,
    "malformed": RemoteError,
}


def by_name(case: dict[str, Any]) -> str:
    return str(case["name"])


def state(name: str) -> End:
    """A state on file, as ours."""
    on_file = VECTORS["states"][name]
    data = {key: bytes.fromhex(v) for key, v in on_file.items() if isinstance(v, str)}
    own = OwnKeys(data["dh"], data["seed"])
    sid, ad = SessionId(bytes(16)), data["ad"]
    root = Root(sid, ad, data["rk"], data["nhks"], data["nhkr"], on_file["pn"], own)
    sending = receiving = None
    if "cks" in data:
        keys = own.dh_public + own.ek + data["ct"]
        sending = SendingChain(data["cks"], data["hks"], on_file["ns"], keys)
    if "ckr" in data:
        theirs = hashlib.sha256(data["pdh"] + data["pek"] + data["pct"]).digest()
        receiving = ReceivingChain(data["ckr"], data["hkr"], on_file["nr"], theirs)
    skipped = {
        (bytes.fromhex(hk), n): bytes.fromhex(mk) for hk, n, mk in reversed(on_file["skipped"])
    }
    return End(State(root, sending, receiving), skipped)


def written(end: End) -> dict[str, Any]:
    """What an envelope alone decides, as on file."""
    root, sending, receiving = end.state.root, end.state.sending, end.state.receiving
    assert sending is not None
    assert receiving is not None
    skipped = [[hk.hex(), n, mk.hex()] for (hk, n), mk in reversed(end.skipped.items())]
    return {
        "ckr": receiving.ck.hex(),
        "hks": sending.hk.hex(),
        "hkr": receiving.hk.hex(),
        "nhkr": root.nhkr.hex(),
        "nr": receiving.n,
        "pn": root.pn,
        "skipped": skipped,
    }


def replay_bob() -> None:
    conversation = VECTORS["bob"]
    keys: Any = {name: bytes.fromhex(value) for name, value in conversation["session"].items()}
    bob = End(ratchet.start_bob(SessionSecrets(**keys)))
    for arrival in conversation["arrivals"]:
        wire = bytes.fromhex(arrival["wire"])
        if "refused" in arrival:
            with pytest.raises(CLASSES[arrival["refused"]]):
                bob.hear(wire)
        else:
            assert bob.hear(wire).padded.hex() == arrival["text"]


def test_bob_reads_what_is_on_file() -> None:
    replay_bob()


def test_the_control_another_label_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "_HEADER", b"onionchat/2 hdr\0")
    with pytest.raises(RemoteError):
        replay_bob()


@pytest.mark.parametrize("case", VECTORS["encrypt"], ids=by_name)
def test_a_state_and_its_randomness_give_the_envelope(case: dict[str, Any]) -> None:
    random = io.BytesIO(bytes.fromhex(case["random"]))
    before = state(case["state"]).state
    after, wire = ratchet.encrypt(before, bytes.fromhex(case["padded"]), random.read)
    assert wire.hex() == case["wire"]
    assert before.sending is not None
    assert after.sending is not None
    assert after.sending.n == before.sending.n + 1


@pytest.mark.parametrize("case", VECTORS["decrypt"], ids=by_name)
def test_a_state_and_an_envelope_give_the_text(case: dict[str, Any]) -> None:
    end, wire = state(case["state"]), bytes.fromhex(case["wire"])
    if "refused" in case:
        with pytest.raises(CLASSES[case["refused"]]):
            end.hear(wire)
        assert end.frozen() == state(case["state"]).frozen()
    else:
        opened = end.hear(wire)
        assert opened.padded.hex() == case["padded"]
        assert opened.digest.hex() == case["digest"] == ratchet.digest(wire).hex()
        assert written(end) == case["after"]
