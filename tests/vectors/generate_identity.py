"""Writes address.json and safety.json.

The points come from the textbook arithmetic of the tests, the addresses are put together
here, so that the program is compared with something else than itself.
"""

import base64
import hashlib
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.crypto import curve
from tests.vectors import save

SEEDS = [bytes(range(start, start + 32)) for start in (0, 32, 64)] + [b"\xff" * 32]


def public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def expanded(seed: bytes) -> bytes:
    h = bytearray(hashlib.sha512(seed).digest())
    h[0] &= 248
    h[31] = h[31] & 63 | 64
    return bytes(h)


def name(key: bytes, version: int = 3, damage: int = 0) -> str:
    checksum = hashlib.sha3_256(b".onion checksum" + key + bytes([version])).digest()[:2]
    raw = key + bytes([checksum[0] ^ damage, checksum[1], version])
    return base64.b32encode(raw).decode().lower()


def identity(seed: bytes) -> dict[str, str]:
    h = expanded(seed)
    image = X25519PrivateKey.from_private_bytes(h[:32]).public_key().public_bytes_raw()
    return {
        "name": f"seed {seed[0]:02x}..{seed[-1]:02x}",
        "seed": seed.hex(),
        "expanded": h.hex(),
        "tor": base64.b64encode(h).decode(),
        "key": public(seed).hex(),
        "x25519": image.hex(),
        "address": name(public(seed)),
    }


def mistakes(good: str) -> dict[str, str]:
    key = public(SEEDS[0])
    return {
        "empty": "",
        "only what surrounds it": "onionchat:.onion",
        "a letter missing": good[:-1],
        "a letter more": good + "d",
        "version 2": "facebookcorewwwi.onion",
        "one letter wrong": "b" + good[1:],
        "two letters exchanged": good[1] + good[0] + good[2:],
        "a digit outside the alphabet": "0" + good[1:],
        "padding": good[:-1] + "=",
        "version byte 2": name(key, version=2),
        "version byte 4": name(key, version=4),
        "checksum": name(key, damage=1),
        "subdomain": "www." + good + ".onion",
        "trailing dot": good + ".onion.",
        "two suffixes": good + ".onion.onion",
        "two schemes": "onionchat:onionchat:" + good,
        "slashes": "onionchat://" + good,
        "a path": good + ".onion/",
        "a port": good + ".onion:5222",
        "another scheme": "http:" + good,
        "white space before": " " + good,
        "white space inside": good[:28] + " " + good[28:],
        "white space in the place of a letter": good[:28] + " " + good[29:],
        "a line end": good + "\n",
        "a letter that folds to ASCII": good[:3] + "\u212a" + good[4:],
        "a wide letter": "\uff41" + good[1:],
        "an invisible letter": good + "\u200b",
        "Cyrillic": "\u0430" + good[1:],
    }


def impossible_keys() -> dict[str, bytes]:
    honest = curve.times(int.from_bytes(expanded(SEEDS[0])[:32], "little"), curve.BASE)
    torsion = curve.torsion()
    keys = {f"small order, {index}": curve.encode(torsion[index]) for index in range(8)}
    for index in range(1, 8):
        keys[f"torsion {index} added"] = curve.encode(curve.add(honest, torsion[index]))
    for excess in range(19):
        keys[f"y = p + {excess}"] = curve.raw(curve.P + excess)
    keys["x = 0 with a sign, y = 1"] = curve.raw(1, 1)
    keys["x = 0 with a sign, y = -1"] = curve.raw(curve.P - 1, 1)
    off = [y for y in range(40) if not curve.is_on_curve(y)]
    return keys | {f"y = {y} is not on the curve": curve.raw(y) for y in off[:3]}


def addresses() -> dict[str, object]:
    good = name(public(SEEDS[0]))
    accepted = {
        "bare": good,
        "as it is shown": good + ".onion",
        "with its scheme": "onionchat:" + good,
        "with both": "onionchat:" + good + ".onion",
        "in capitals": ("onionchat:" + good + ".onion").upper(),
        "mixed": "OnionChat:" + good.title() + ".Onion",
    }
    key = public(SEEDS[0])
    mirrored = key[:31] + bytes([key[31] ^ 0x80])
    impossible = impossible_keys()
    refused = mistakes(good) | {title: name(key) for title, key in impossible.items()}
    return {
        "about": "Identities, reading an address (docs/protocol.md 1), and which keys are valid",
        "identities": [identity(seed) for seed in SEEDS],
        "addresses": [
            *({"name": title, "text": text, "key": key.hex()} for title, text in accepted.items()),
            {"name": "the negative", "text": name(mirrored), "key": mirrored.hex()},
            *({"name": n, "text": text, "refused": "UsageError"} for n, text in refused.items()),
        ],
        "keys": [
            {"name": "honest", "key": key.hex(), "valid": True},
            {"name": "the negative of an honest key", "key": mirrored.hex(), "valid": True},
            {"name": "31 bytes", "key": key[:31].hex(), "valid": False},
            {"name": "33 bytes", "key": key.hex() + "00", "valid": False},
            *({"name": n, "key": bad.hex(), "valid": False} for n, bad in impossible.items()),
        ],
    }


def number(one: bytes, other: bytes) -> str:
    both = b"".join(sorted([one, other]))
    d = hashlib.sha512(b"onionchat/1 safety\0" + both).digest()
    return " ".join(f"{int(d[5 * i : 5 * i + 5].hex(), 16) % 10**5:05}" for i in range(12))


def safety() -> dict[str, object]:
    keys = [public(seed) for seed in SEEDS]
    pairs = [*pairwise(keys), (keys[1], keys[0])]
    return {
        "about": "Safety numbers of two identities (docs/protocol.md 1)",
        "pairs": [
            {
                "name": f"{one.hex()[:4]} and {other.hex()[:4]}",
                "one": one.hex(),
                "other": other.hex(),
                "number": number(one, other),
            }
            for one, other in pairs
        ],
    }


if __name__ == "__main__":
    save("address", addresses())
    save("safety", safety())
