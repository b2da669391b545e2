"""A new passphrase while the node runs: the node that crashes afterwards comes back by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.child import Child

ONIONCHAT = [sys.executable, "-m", "onionchat", "--json"]
NOWHERE = ["--tor-control", "unix:/nowhere", "--tor-socks", "unix:/nowhere"]


def handed_in(text: str) -> int:
    """A descriptor from which a line can be read once."""
    read, write = os.pipe()
    os.write(write, text.encode() + b"\n")
    os.close(write)
    return read


def run(home: Path, *words: str, old: str = "", new: str = "") -> int:
    """The exit code."""
    first, second = handed_in(old), handed_in(new)
    secrets = ["--passphrase-fd", str(first)] if old else []
    secrets += ["--new-passphrase-fd", str(second)] if new else []
    done = subprocess.run(
        [*ONIONCHAT, *words, *secrets],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        pass_fds=(first, second),
        capture_output=True,
        check=False,
    )
    os.close(first)
    os.close(second)
    return done.returncode


def child(pid: int) -> int | None:
    """The only child of a process."""
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(words[0]) if words else None


def test_a_crashed_node_starts_with_the_new_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = tmp_path_factory.mktemp("n")  # a short one: it will have sockets in it
    assert run(tmp_path, "init", old="one") == 0
    read = handed_in("one")
    with Child(
        [*ONIONCHAT, "up", *NOWHERE, "--passphrase-fd", str(read)],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        pass_fds=(read,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as supervisor:
        os.close(read)
        try:
            while run(tmp_path, "status"):
                assert supervisor.poll() is None
            assert run(tmp_path, "passphrase", "change", old="one", new="another, longer one") == 0
            node = child(supervisor.pid)
            assert node is not None
            os.kill(node, signal.SIGKILL)
            while child(supervisor.pid) in {node, None} or run(tmp_path, "status"):
                assert supervisor.poll() is None
        finally:
            supervisor.terminate()
    assert run(tmp_path, "id", old="one") == 6
    assert run(tmp_path, "id", old="another, longer one") == 0
