import base64
import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from onionchat.crypto.ed25519_point import is_valid_key
from onionchat.crypto.identity import Identity, exchange, image
from onionchat.errors import RemoteError
from tests.crypto.people import ALICE, BOB
from tests.vectors import load

VECTORS = load("address")

P = 2**255 - 19
SMALL_ORDER = [
    *(u.to_bytes(32, "little") for u in (0, 1, P - 1, P, P + 1)),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]
"""Every u that X25519 sends to zero (curve and twist), as RFC 7748 reads it."""


@pytest.mark.parametrize("case", VECTORS["identities"], ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    me = Identity.from_seed(bytes.fromhex(case["seed"]))
    assert me.key.hex() == case["key"]
    assert me.service_id == case["address"]
    assert me.tor_blob() == case["tor"]
    assert base64.b64decode(me.tor_blob()).hex() == case["expanded"]
    assert me.x25519().public_key().public_bytes_raw().hex() == case["x25519"]
    assert image(me.key).hex() == case["x25519"]


@pytest.mark.parametrize("case", VECTORS["keys"], ids=lambda case: case["name"])
def test_which_keys_are_valid(case: dict[str, Any]) -> None:
    assert is_valid_key(bytes.fromhex(case["key"])) is case["valid"]


def test_both_sides_of_an_exchange_agree() -> None:
    assert exchange(ALICE.x25519(), image(BOB.key)) == exchange(BOB.x25519(), image(ALICE.key))


@pytest.mark.parametrize("top", [0, 0x80])
@pytest.mark.parametrize("public", SMALL_ORDER, ids=bytes.hex)
def test_a_result_of_zero_is_refused(public: bytes, top: int) -> None:
    with pytest.raises(RemoteError):
        exchange(X25519PrivateKey.generate(), public[:31] + bytes([public[31] ^ top]))


def test_a_signature_verifies_under_the_address() -> None:
    Ed25519PublicKey.from_public_bytes(ALICE.key).verify(ALICE.sign(b"bundle"), b"bundle")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_an_identity_is_neither_copied_nor_pickled(copied: Any) -> None:
    with pytest.raises(TypeError):
        copied(ALICE)


def test_it_does_not_print_its_secret() -> None:
    shown = f"{ALICE!r} {ALICE}"
    assert ALICE.seed.hex() not in shown
    assert repr(ALICE.seed) not in shown
    assert ALICE.service_id not in shown
