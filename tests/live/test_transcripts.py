"""What two people type and see, on the private Tor network: tests/transcripts/live."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from onionchat.tor.testnet import Info
from tests.crash import strace
from tests.live.clearnet import Witness
from tests.live.trace import Trace
from tests.transcript import Transcript

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts" / "live"


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_people_talk_over_unix_sockets_alone(
    path: Path, network: Info, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    witness, trace = Witness(tmp_path), Trace(tmp_path_factory.mktemp("trace"))
    place = tmp_path_factory.mktemp("t")
    with ExitStack() as stack:
        torrc = str(network.client_torrc)
        people = Transcript(place, stack, witness.environ, trace.launcher, TORRC=torrc)
        people.run(path)
        assert revealing(place, people.secrets) == []
    assert revealing(place, people.secrets) == []
    assert witness.found == trace.found == []
    for program in (" up --", "onionchat.service", " contact add "):
        assert any(program in line for line in witness.watched), program
    for word in ('"up"', '"onionchat.service"', '"contact"') if trace.launcher else ():
        assert any(call.startswith("execve") and word in call for call in trace.calls), word


PLANTED = {
    "a name that is looked up": "socket.getaddrinfo('onionchat.invalid', 1)",
    "a connection": "socket.socket().connect_ex(('127.0.0.1', 1))",
    "a child that connects": "subprocess.run([sys.executable, '-c', "
    "\"import socket; socket.socket().connect_ex(('127.0.0.1', 1))\"])",
}


@strace.needed
@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_the_trace_sees(planted: str, tmp_path: Path) -> None:
    trace = Trace(tmp_path)
    code = (
        f"import contextlib, socket, subprocess, sys\nwith contextlib.suppress(OSError): {planted}"
    )
    quiet = "import socket; socket.socketpair(); socket.socket(socket.AF_UNIX)"
    for line, sees in ((quiet, False), (code, True)):
        subprocess.run([*trace.launcher, sys.executable, "-c", line], check=True)
        assert any("socket" in call for call in trace.calls)
        assert bool(trace.found) == sees


def revealing(place: Path, secrets: set[str]) -> list[tuple[Path, str]]:
    """Files of profiles, of tor's too, in which a passphrase, a text or an address is to read."""
    assert len(secrets) > 3
    files = [path for path in place.rglob("*") if path.is_file()]
    assert {"store.db", "keyslot", "state"} <= {path.name for path in files}
    return [
        (path, each) for path in files for each in secrets if each.encode() in path.read_bytes()
    ]


SEALED = """
from contextlib import suppress
from onionchat.sandbox.landlock import restrict
from onionchat.sandbox.reach import Reach
with suppress(OSError): restrict(Reach(()))
"""
"""As the node is: whatever is opened from now on, it is not the witness's notes."""


@pytest.mark.parametrize(
    "planted",
    [
        "socket.getaddrinfo('localhost', 1)",
        "socket.gethostbyname('localhost')",
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        f"{SEALED}socket.socket(socket.AF_INET)",
    ],
)
def test_the_witness_sees(planted: str, tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    subprocess.run(
        [sys.executable, "-P", "-c", f"import socket; {planted}"],
        env={"PATH": os.environ["PATH"], **witness.environ},
        check=True,
    )
    assert len(witness.found) == 1
