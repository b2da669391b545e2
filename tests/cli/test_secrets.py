"""What another user of the machine can see of a process holds no passphrase and no text."""

from collections.abc import Iterator
from pathlib import Path

from tests.cli.machine import BOB, PASSPHRASE, Machine

TEXT = "the archive is open on Monday"


def descendants(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from descendants(int(child))


def visible(pid: int) -> bytes:
    """Arguments are for everybody, the environment for programs of the same user."""
    return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))


def test_no_process_of_a_node_shows_its_passphrase(machine: Machine) -> None:
    with machine.node() as up:
        processes = list(descendants(up.pid))
        assert len(processes) == 2, "the supervisor and the node"
        for pid in processes:
            assert b"onionchat" in visible(pid)
            assert PASSPHRASE.encode() not in visible(pid)


def test_a_text_from_stdin_is_nowhere_but_in_the_database(machine: Machine) -> None:
    """As the files lie there while the node runs, its write-ahead log among them."""
    with machine.node() as up:
        assert machine("contact", "add", "bob", BOB, "-m", "-", stdin=TEXT).code == 0
        with machine.start("send", "bob", "--wait", "sent") as sending:
            assert sending.stdin is not None
            sending.stdin.write(TEXT.encode())
            sending.stdin.close()
            while not machine("outbox", "list", "-q").out:
                assert sending.poll() is None
            for pid in (sending.pid, *descendants(up.pid)):
                assert TEXT.encode() not in visible(pid)
            sending.terminate()
        files = [path for path in machine.home.rglob("*") if path.is_file()]
        assert any(path.name == "store.db-wal" for path in files)
        for secret in (TEXT, PASSPHRASE, BOB.removesuffix(".onion")):
            assert [path for path in files if secret.encode() in path.read_bytes()] == []
