"""Writes invite.json. The strings are put together here, not by the program."""

import base64
import hashlib

from tests.crypto import curve
from tests.vectors import save
from tests.vectors.generate_identity import SEEDS, public

IDENTITY, ONION = public(SEEDS[0]), public(SEEDS[1])
CLIENT_KEY, TOKEN, EXPIRY = bytes(range(64, 96)), bytes(range(96, 112)), 1_732_400_000


def text(
    identity: bytes = IDENTITY, onion: bytes = ONION, version: int = 1, damage: int = 0
) -> str:
    raw = bytes([version]) + identity + onion + CLIENT_KEY + TOKEN + EXPIRY.to_bytes(8, "big")
    check = hashlib.sha3_256(b"onionchat invite" + raw).digest()[:4]
    letters = base64.b32encode(raw + bytes([check[0] ^ damage]) + check[1:]).decode().lower()
    return f"onionchat-invite:{letters}"


def invites() -> dict[str, object]:
    good = text()
    accepted = {
        "as it is shown": good,
        "in capitals": good.upper(),
        "without its scheme": good.partition(":")[2],
        "in lines": "\n".join(good[at : at + 64] for at in range(0, len(good), 64)) + "\n",
        "quoted in mail": f"> {good[:70]}\r\n> {good[70:140]}\r\n> {good[140:]}\r\n",
    }
    refused = {
        "empty": "",
        "cut short": good[:-8],
        "twice": good + good.partition(":")[2],
        "one letter wrong": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "a digit outside the alphabet": good[:100] + "1" + good[101:],
        "an address": f"onionchat:{good[17:73]}.onion",
        "checksum": text(damage=1),
        "version 2": text(version=2),
        "an identity that is no key": text(identity=curve.encode(curve.torsion()[1])),
        "an onion that is no key": text(onion=bytes(32)),
    }
    fields = {
        "identity": IDENTITY.hex(),
        "onion": ONION.hex(),
        "client_key": CLIENT_KEY.hex(),
        "token": TOKEN.hex(),
        "expiry": EXPIRY,
    }
    return {
        "about": "Reading an invite (docs/protocol.md 7.1)",
        "invites": [
            *({"name": name, "text": good} | fields for name, good in accepted.items()),
            *({"name": n, "text": bad, "refused": "UsageError"} for n, bad in refused.items()),
        ],
    }


if __name__ == "__main__":
    save("invite", invites())
