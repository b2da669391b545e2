"""A passphrase opens the keyslot, damage is told from a wrong one, nothing gets cheaper."""

import hashlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from onionchat.crypto import vault
from onionchat.crypto.vault import Cost
from onionchat.errors import DamagedError, LocalError, LockedError, RefusedError

PHRASE = b"correct horse"


def dice(seed: int = 1) -> Callable[[int], bytes]:
    return Random(seed).randbytes


def checked(content: bytes) -> bytes:
    """`content` as a keyslot whose checksum is right, whatever is in it."""
    return content[:-32] + hashlib.sha256(content[:-32]).digest()


@pytest.fixture(scope="module")
def made() -> tuple[bytes, bytes]:
    return vault.create(PHRASE, Cost.FLOOR, dice())


def test_the_passphrase_gives_the_key_back(made: tuple[bytes, bytes]) -> None:
    keyslot, master = made
    assert len(keyslot) == 4096
    assert len(master) == 32
    assert vault.unlock(keyslot, PHRASE) == master


def test_a_wrong_passphrase_is_locked_not_damaged(made: tuple[bytes, bytes]) -> None:
    for wrong in (b"", b"correct horsf", PHRASE + b"\n"):
        with pytest.raises(LockedError):
            vault.unlock(made[0], wrong)


def test_the_layout_is_the_written_one(made: tuple[bytes, bytes]) -> None:
    """Opened by hand, after the module's description."""
    keyslot, master = made
    salt, sealed = keyslot[10:26], keyslot[26:74]
    assert keyslot[:10] == b"\x01" + bytes.fromhex("00010000 00000003 04")
    kek = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65536).derive(PHRASE)
    ad = b"onionchat/1 keyslot\0" + keyslot[1:26]
    assert ChaCha20Poly1305(kek).decrypt(bytes(12), sealed, ad) == master
    assert keyslot[4064:] == hashlib.sha256(keyslot[:4064]).digest()


def test_damage_anywhere_is_damage(made: tuple[bytes, bytes]) -> None:
    keyslot = made[0]
    for place in range(0, len(keyslot), 64):
        damaged = bytearray(keyslot)
        damaged[place] ^= 1
        with pytest.raises(DamagedError):
            vault.unlock(bytes(damaged), PHRASE)


@pytest.mark.parametrize("cut", [b"", b"\x01", bytes(4095), bytes(4096), bytes(4097)])
def test_another_length_is_damage(cut: bytes) -> None:
    with pytest.raises(DamagedError):
        vault.unlock(cut, PHRASE)


@pytest.mark.parametrize("size", [585 + 32, 4095, 4097])
def test_another_length_with_a_right_checksum_is_damage_too(
    made: tuple[bytes, bytes], size: int
) -> None:
    with pytest.raises(DamagedError):
        vault.unlock(checked((made[0] + b"+")[:size]), PHRASE)


def test_a_later_version_is_left_alone(made: tuple[bytes, bytes]) -> None:
    with pytest.raises(DamagedError, match="version 2") as caught:
        vault.unlock(checked(b"\x02" + made[0][1:]), PHRASE)
    assert "update" in caught.value.hint


@pytest.mark.parametrize("place", [10, 25, 26, 73])
def test_a_changed_slot_does_not_open(made: tuple[bytes, bytes], place: int) -> None:
    changed = bytearray(made[0])
    changed[place] ^= 1
    with pytest.raises(LockedError):
        vault.unlock(checked(bytes(changed)), PHRASE)


@pytest.mark.parametrize(
    "parameters",
    [
        "0000ffff 00000003 04",
        "00400001 00000003 04",
        "00010000 00000002 04",
        "00010000 00000041 04",
        "00010000 00000003 00",
        "00010000 00000003 11",
    ],
)
def test_parameters_out_of_bounds_are_never_tried(
    made: tuple[bytes, bytes], parameters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(vault, "Argon2id")
    weaker = made[0][:1] + bytes.fromhex(parameters) + made[0][10:]
    with pytest.raises(DamagedError, match="no slot"):
        vault.unlock(checked(weaker), PHRASE)


def test_parameters_are_authenticated(
    made: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the KEK came out the same, other parameters do not open the slot."""
    keyslot = made[0]

    def always_three_passes(**arguments: Any) -> Argon2id:
        return Argon2id(**arguments | {"iterations": 3})

    monkeypatch.setattr(vault, "Argon2id", always_three_passes)
    with pytest.raises(LockedError):
        vault.unlock(checked(keyslot[:8] + b"\x04" + keyslot[9:]), PHRASE)


@pytest.mark.parametrize("cost", [Cost(65535, 3, 4), Cost(65536, 2, 4), Cost(65536, 3, 0)])
def test_nothing_is_wrapped_below_the_floor(cost: Cost) -> None:
    with pytest.raises(LocalError):
        vault.create(PHRASE, cost)


def test_a_slot_may_stand_anywhere(made: tuple[bytes, bytes]) -> None:
    """The eighth slot, behind seven unused and one that another passphrase opens."""
    keyslot, master = made
    other, _ = vault.create(b"other", Cost.FLOOR, dice(2))
    filled = other[:74] + other[74:512] + keyslot[1:74] + keyslot[585:]
    assert vault.unlock(checked(filled), PHRASE) == master
    changed = vault.rewrap(checked(filled), PHRASE, b"new", dice(3))
    assert changed[:512] == filled[:512]
    assert vault.unlock(changed, b"new") == master
    assert vault.unlock(changed, b"other") != master


def test_a_new_passphrase_keeps_the_key_and_the_cost(made: tuple[bytes, bytes]) -> None:
    keyslot, master = made
    changed = vault.rewrap(keyslot, PHRASE, b"new", dice(4))
    assert vault.unlock(changed, b"new") == master
    assert changed[:10] == keyslot[:10]
    assert changed[10:26] != keyslot[10:26]
    with pytest.raises(LockedError):
        vault.unlock(changed, PHRASE)
    with pytest.raises(LockedError):
        vault.rewrap(keyslot, b"wrong", b"new")


def test_each_profile_has_its_own_key_and_salt() -> None:
    one, two = (vault.create(PHRASE, Cost.FLOOR) for _ in range(2))
    assert one[1] != two[1]
    assert one[0][10:26] != two[0][10:26]


def test_every_purpose_has_its_own_key(made: tuple[bytes, bytes]) -> None:
    master = made[1]
    keys = {master, *(vault.derive(master, purpose) for purpose in ("database", "files", "backup"))}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


def test_derivation_stays_as_it_is() -> None:
    """Changing it would lock everybody out."""
    assert vault.derive(bytes(32), "database").hex() == (
        "16433f4c1d9688eb584cb882267a2d4d96d3666ac36a3be0fb1dd1e298b4201c"
    )


def test_too_little_memory_is_said(
    made: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Starved:
        def __init__(self, **_: object) -> None: ...

        def derive(self, _: bytes) -> bytes:
            raise MemoryError

    monkeypatch.setattr(vault, "Argon2id", Starved)
    with pytest.raises(RefusedError, match="64 MiB"):
        vault.unlock(made[0], PHRASE)
