"""The wrapper with bubblewrap, run for real: the node in it is unlocked, and closed in."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.child import Child
from tests.cli.machine import Machine

WRAPPER = Path(__file__).parents[2] / "packaging" / "bubblewrap" / "onionchat-sealed"
NOWHERE = f"DirAuthority a orport=1 v3ident={'A' * 40} 127.0.0.1:1 {'B' * 40}\n"


def _usable() -> bool:
    bwrap = shutil.which("bwrap")
    words = ("--unshare-net", "--ro-bind", "/", "/", "true")
    return bwrap is not None and subprocess.run([bwrap, *words], check=False).returncode == 0


@pytest.mark.skipif(not _usable(), reason="bubblewrap is missing, or may not do its work here")
def test_a_node_without_network_and_tor_beside_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("h")
    (home / "more").write_text(NOWHERE)
    machine = Machine(home)
    machine.init()
    program = Path(sys.executable).parent / "onionchat"
    own = {"ONIONCHAT": str(program), "ONIONCHAT_TORRC": str(home / "more")}
    with Child(
        [str(WRAPPER)],
        env=machine.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as up:
        assert up.stdout is not None
        assert "locked" in up.stdout.readline()
        assert machine.unlocked("unlock").code == 0
        rows = map(json.loads, machine("--json", "doctor").out.splitlines())
        found = {row["check"]: row["detail"] for row in rows}
        for layer in ("namespaces", "landlock", "seccomp"):
            assert found[layer].startswith("active"), found
        assert "control port" not in found["tor"]
        up.send_signal(signal.SIGTERM)
        up.stdout.read()
    assert up.returncode == 0
    assert machine("status").code == 3
