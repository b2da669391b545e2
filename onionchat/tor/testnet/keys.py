"""The keys that must exist before a private network can start.

An authority signs with a key that tor-gencert makes; the hash of that key and the
fingerprint of its relay key stand in everybody's torrc. All are thrown away with the network.
"""

import asyncio
import re
from pathlib import Path

from onionchat.errors import UnreachableError
from onionchat.tor.find import TorBinary
from onionchat.tor.testnet.config import Node

_PASSPHRASE = b"thrown away with the network\n"
_FINGERPRINT = re.compile(r"^fingerprint ([0-9A-F]{40})$", re.MULTILINE)
_RELAY = re.compile(r"([0-9A-F]{4}(?: [0-9A-F]{4}){9}|[0-9A-F]{40})\s*$")


async def authority_line(node: Node, binary: TorBinary) -> str:
    """Make an authority's keys; the DirAuthority line that names it."""
    keys = node.home / "keys"
    keys.mkdir(parents=True, mode=0o700, exist_ok=True)
    await _run(
        *(_gencert(binary), "--create-identity-key", "--passphrase-fd", "0", "-m", "12"),
        *("-a", f"127.0.0.1:{node.dirport}", "-i", keys / "authority_identity_key"),
        *("-s", keys / "authority_signing_key", "-c", keys / "authority_certificate"),
        stdin=_PASSPHRASE,
    )
    certificate = (keys / "authority_certificate").read_text()
    identity = _FINGERPRINT.search(certificate)
    relay = _RELAY.search(await _relay_fingerprint(node, binary))
    if identity is None or relay is None:
        raise UnreachableError(
            "tor-gencert or tor gave no fingerprint", "check that both are of one version"
        )
    fingerprint = relay[1].replace(" ", "")
    return (
        f"DirAuthority {node.name} orport={node.orport} no-v2 v3ident={identity[1]} "
        f"127.0.0.1:{node.dirport} {fingerprint}\n"
    )


async def _relay_fingerprint(node: Node, binary: TorBinary) -> str:
    nothing = node.home / "empty"
    nothing.touch()
    return await _run(
        *(binary.path, "--defaults-torrc", "/dev/null", "-f", nothing, "--quiet"),
        *("--DataDirectory", node.home, "--ORPort", "1", "--Nickname", node.name),
        "--list-fingerprint",
    )


def _gencert(binary: TorBinary) -> Path:
    """It comes with tor, in the same place or on the path of users."""
    beside = binary.path.with_name("tor-gencert")
    for path in (beside, Path("/usr/bin/tor-gencert"), Path("/usr/local/bin/tor-gencert")):
        if path.is_file():
            return path
    raise UnreachableError(
        "tor-gencert is not installed, and a private network needs it",
        "sudo apt-get install --no-install-recommends tor",
    )


async def _run(*command: str | Path, stdin: bytes = b"") -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaint = await process.communicate(stdin)
    if process.returncode != 0:
        raise UnreachableError(
            f"{Path(command[0]).name} failed: {complaint.decode(errors='replace').strip()}",
            "check that tor and tor-gencert are of one version",
        )
    return output.decode(errors="replace")
