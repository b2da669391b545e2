"""A backup opens with its passphrase, and nothing that is damaged is taken for one."""

import hashlib
from collections.abc import Callable
from random import Random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto import backup, vault
from onionchat.crypto.vault import Cost
from onionchat.errors import DamagedError, LockedError, RefusedError

PHRASE = b"correct horse"
CONTENT = b"all that I know"
HEAD = 16 + 1 + 4096


def dice(seed: int = 1) -> Callable[[int], bytes]:
    return Random(seed).randbytes


def resealed(file: bytes) -> bytes:
    """`file` with a right checksum, whatever is in it."""
    return file[:-32] + hashlib.sha256(file[:-32]).digest()


@pytest.fixture(scope="module")
def file() -> bytes:
    return backup.seal(CONTENT, PHRASE, Cost.FLOOR, dice())


@pytest.fixture
def no_passphrase_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(vault, "Argon2id")


def test_it_opens_with_its_passphrase_only(file: bytes) -> None:
    assert backup.open_(file, PHRASE) == CONTENT
    with pytest.raises(LockedError):
        backup.open_(file, b"correct horsf")


def test_the_layout_is_the_written_one(file: bytes) -> None:
    """Opened by hand, after docs/backup.md."""
    assert file[:17] == b"onionchat backup\x01"
    assert len(file) == HEAD + 65536 + 16 + 32
    master = vault.unlock(file[17:HEAD], PHRASE)
    key = vault.derive(master, "backup")
    padded = ChaCha20Poly1305(key).decrypt(bytes(12), file[HEAD:-32], file[:HEAD])
    assert padded == bytes(7) + b"\x0f" + CONTENT + bytes(65536 - 8 - len(CONTENT))
    assert file[-32:] == hashlib.sha256(file[:-32]).digest()


@pytest.mark.parametrize("size", [0, 1, 65536 - 8, 65536 - 7, 200_000])
def test_the_size_of_the_file_tells_the_content_s_only_roughly(size: int) -> None:
    file = backup.seal(bytes(size), PHRASE, Cost.FLOOR)
    assert (len(file) - HEAD - 16 - 32) % 65536 == 0
    assert backup.open_(file, PHRASE) == bytes(size)


@pytest.mark.usefixtures("no_passphrase_is_tried")
def test_cut_short_anywhere_it_is_damaged(file: bytes) -> None:
    for length in range(len(file)):
        with pytest.raises(DamagedError):
            backup.check(file[:length])


@pytest.mark.usefixtures("no_passphrase_is_tried")
def test_a_flipped_byte_anywhere_is_damage(file: bytes) -> None:
    places = [
        *range(HEAD + 64),
        *range(HEAD + 64, len(file), 61),
        *range(len(file) - 64, len(file)),
    ]
    for place in places:
        flipped = bytearray(file)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(DamagedError):
            backup.open_(bytes(flipped), PHRASE)


@pytest.mark.parametrize("more", [b"\0", bytes(65536)])
@pytest.mark.usefixtures("no_passphrase_is_tried")
def test_something_behind_it_is_damage(file: bytes, more: bytes) -> None:
    with pytest.raises(DamagedError):
        backup.check(file + more)


@pytest.mark.parametrize("place", [17 + 4000, HEAD, HEAD + 8, HEAD + 65536 + 15])
def test_the_content_and_all_before_it_are_authenticated(file: bytes, place: int) -> None:
    """Where somebody has made the checksums right again."""
    forged = bytearray(file)
    forged[place] ^= 1
    forged[HEAD - 32 : HEAD] = hashlib.sha256(forged[17 : HEAD - 32]).digest()
    with pytest.raises(DamagedError, match="the backup is damaged"):
        backup.open_(resealed(bytes(forged)), PHRASE)


def test_one_backup_does_not_open_another_s_content(file: bytes) -> None:
    other = backup.seal(b"other", PHRASE, Cost.FLOOR, dice(2))
    with pytest.raises(DamagedError):
        backup.open_(resealed(file[:HEAD] + other[HEAD:]), PHRASE)


@pytest.mark.parametrize("length", [0, 14, 16, 65536 - 8 + 1, (1 << 64) - 1])
def test_a_length_that_does_not_fit_is_damage(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that pads otherwise is not understood by guessing."""
    wrong = length.to_bytes(8, "big") + (CONTENT + b"!").ljust(65536 - 8, b"\0")
    monkeypatch.setattr(backup, "_pad", lambda _: wrong)
    forged = backup.seal(CONTENT, PHRASE, Cost.FLOOR)
    monkeypatch.undo()
    if length != 16:
        with pytest.raises(DamagedError):
            backup.open_(forged, PHRASE)
    else:
        assert backup.open_(forged, PHRASE) == CONTENT + b"!"


@pytest.mark.usefixtures("no_passphrase_is_tried")
def test_a_newer_one_names_both_versions(file: bytes) -> None:
    with pytest.raises(DamagedError, match="version 2, this program reads 1") as caught:
        backup.check(resealed(file[:16] + b"\x02" + file[17:]))
    assert "update" in caught.value.hint


@pytest.mark.parametrize("other", [b"", b"onionchat backuP" + bytes(70000), b"\x1f\x8b"])
def test_another_kind_of_file_is_told_apart(other: bytes) -> None:
    with pytest.raises(DamagedError, match="no backup"):
        backup.check(other)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "LARGEST", 10)
    with pytest.raises(RefusedError, match="at most"):
        backup.seal(bytes(11), PHRASE, Cost.FLOOR)
