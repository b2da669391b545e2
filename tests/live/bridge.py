"""A bridge on the private network, with obfs4 before it, that no list of relays shows."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from onionchat.tor.find import find_tor
from onionchat.tor.testnet import Info
from tests.child import Child


@dataclass(frozen=True)
class Bridge:
    """`line` is what a person would be given."""

    line: str
    fingerprint: str


@contextmanager
def bridge(home: Path, network: Info) -> Iterator[Bridge]:
    """One that is ready to be used, for as long as the block lasts."""
    program = shutil.which("obfs4proxy")
    if program is None:
        pytest.skip("no obfs4proxy: sudo apt-get install obfs4proxy")
    home.mkdir(mode=0o700)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    torrc = home / "torrc"
    torrc.write_text(_torrc(home, program, port) + f'%include "{network.client_torrc}"\n')
    with Child(
        [find_tor().path, "--defaults-torrc", "/dev/null", "-f", torrc],
        stdout=subprocess.PIPE,
        text=True,
    ) as tor:
        try:
            _until_ready(tor)
            yield _introduced(home / "data", port)
        finally:
            tor.terminate()


def _torrc(home: Path, program: str, port: int) -> str:
    return f"""\
Nickname bridge
DataDirectory "{home}/data"
Address 127.0.0.1
ORPort 127.0.0.1:auto IPv4Only
ExtORPort auto
SocksPort 0
BridgeRelay 1
PublishServerDescriptor 0
ServerTransportPlugin obfs4 exec {program}
ServerTransportListenAddr obfs4 127.0.0.1:{port}
ExitRelay 0
ShutdownWaitLength 0
Log notice stdout
__OwningControllerProcess {os.getpid()}
"""


def _until_ready(tor: Child[str]) -> None:
    """What tor says later fits into the pipe."""
    assert tor.stdout is not None
    waited_for = {"Registered server transport 'obfs4'", "Bootstrapped 100%"}
    said = []
    for line in tor.stdout:
        said.append(line)
        waited_for = {words for words in waited_for if words not in line}
        if not waited_for:
            return
    raise AssertionError("".join(said))


def _introduced(data: Path, port: int) -> Bridge:
    """obfs4proxy leaves a line with gaps for address and fingerprint."""
    fingerprint = (data / "fingerprint").read_text().split()[1]
    (template,) = (
        line
        for line in (data / "pt_state" / "obfs4_bridgeline.txt").read_text().splitlines()
        if line.startswith("Bridge")
    )
    filled = template.replace("<IP ADDRESS>:<PORT>", f"127.0.0.1:{port}")
    return Bridge(filled.replace("<FINGERPRINT>", fingerprint), fingerprint)
