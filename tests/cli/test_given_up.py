"""What a node that runs has given up: tried in its own process, as who has taken it over would."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.cli.machine import Machine
from tests.cli.test_secrets import descendants
from tests.sandbox.inside import Place

TRIES = """
import atexit, os, socket, sys
def attempt(what, *words):
    try:
        what(*words)
        said = "done"
    except OSError as error:
        said = error.strerror
    os.write(2, f"{what.__name__}: {said}\\n".encode())
if "onionchat.service" in sys.orig_argv:
    atexit.register(attempt, os.execv, "/bin/true", ["true"])
    atexit.register(attempt, open, os.environ["HOME"] + "/id_rsa")
    atexit.register(attempt, socket.socket, socket.AF_INET)
    atexit.register(attempt, os.posix_spawn, "/bin/true", ["true"], {})
"""
TRIED = ("posix_spawn: ", "socket: ", "open: ", "execv: ")


def test_a_node_that_runs_has_no_network_no_program_and_no_file_of_others(
    machine: Machine, tmp_path: Path
) -> None:
    for layer in ("namespaces", "landlock", "seccomp"):
        Place(tmp_path / layer).needs(layer)
    (tmp_path / "sitecustomize.py").write_text(TRIES)
    offline = tmp_path / "torrc"
    offline.write_text("DisableNetwork 1\n")
    (machine.home / "id_rsa").write_text("a key")
    machine.environ["PYTHONPATH"] = str(tmp_path)
    with machine.node("--torrc-include", str(offline)) as up:
        assert machine("down").code == 0
        _, err = up.communicate()
    said = err.decode().splitlines()
    assert [line for line in said if line.startswith(TRIED)] == [
        "posix_spawn: Operation not permitted",
        "socket: Address family not supported by protocol",
        "open: No such file or directory",
        "execv: Operation not permitted",
    ]


def cores(pid: int) -> Iterator[str]:
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max core file size"):
            yield from line.split()[4:6]


def test_the_processes_of_a_node_are_hardened(machine: Machine) -> None:
    """A limit is inherited; what others may read of its memory each process says for itself."""
    with machine.node() as up:
        assert [[*cores(pid)] for pid in descendants(up.pid)] == [["0", "0"], ["0", "0"]]
        told = [json.loads(line) for line in machine("--json", "doctor").out.splitlines()]
    assert [row["ok"] for row in told if row["check"] == "hardening"] == [True]
