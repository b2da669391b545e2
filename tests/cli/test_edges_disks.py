"""Disks that can only be read, are not there, or go while a node runs."""

import fcntl
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.machine import BOB, NOWHERE, Done, Machine

SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN (linux/fs.h): from now on every call on this file system fails with EIO."""
WITHOUT_THE_JOURNAL = 2
"""What it has not written yet never is, as when the power goes."""

MKFS = (
    shutil.which("mkfs.ext4", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "mkfs.ext4"
)
"""Where Debian has it, which is in the PATH of root alone."""


class Disk:
    """An ext4 file system of its own, mounted where the profiles are."""

    def __init__(self, image: Path, place: Path) -> None:
        self.image = image
        self.place = place

    def mount(self, *options: str) -> None:
        command = ["mount", "-o", ",".join(("loop", *options)), str(self.image), str(self.place)]
        subprocess.run(command, check=True, capture_output=True)

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.place)], check=True)

    def go(self) -> None:
        """Without a word, as a stick that is pulled out."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_THE_JOURNAL))
        finally:
            os.close(descriptor)


@pytest.fixture
def disk(machine: Machine, tmp_path: Path) -> Iterator[Disk]:
    """With the machine's profile on it."""
    disk = Disk(tmp_path / "image", machine.profile.parent)
    with disk.image.open("wb") as image:
        image.truncate(16 << 20)
    kept = shutil.move(machine.profile, tmp_path / "kept")
    try:
        subprocess.run([MKFS, "-q", str(disk.image)], check=True, capture_output=True)
        disk.mount()
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("this user cannot make and mount a disk of their own")
    disk.place.chmod(0o700)
    shutil.copytree(kept, machine.profile)
    os.sync()  # a copy is not written yet
    yield disk
    subprocess.run(["umount", "-l", str(disk.place)], check=False)


def texts(machine: Machine) -> list[str]:
    done = machine("history", "bob", "--json")
    assert done.code == 0, done
    return [json.loads(row)["text"] for row in done.out.splitlines()]


def everything(machine: Machine) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in machine.profile.rglob("*") if path.is_file()}


COMMANDS = {
    "id": ["id"],
    "up": ["up", *NOWHERE],
    "init": ["-p", "another", "init"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_disk_that_can_only_be_read(machine: Machine, disk: Disk, command: str) -> None:
    before = everything(machine)
    disk.unmount()
    disk.mount("ro")
    machine.unlocked(*COMMANDS[command]).refused(8)
    assert everything(machine) == before
    disk.unmount()
    disk.mount()
    assert machine.unlocked("id").code == 0


@pytest.mark.parametrize("command", ["id", "up"])
def test_a_disk_that_is_not_there(machine: Machine, disk: Disk, command: str) -> None:
    disk.unmount()
    machine.unlocked(*COMMANDS[command]).refused(7, "no profile")
    assert list(disk.place.iterdir()) == []
    disk.mount()
    assert machine.unlocked("id").code == 0


def test_a_disk_that_goes_while_a_node_runs(machine: Machine, disk: Disk) -> None:
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        assert machine("send", "bob", "before").code == 0
        disk.go()
        refused(machine("send", "bob", "never"))
        refused(machine("send", "bob", "never"))
    disk.unmount()
    disk.mount()
    with machine.node():
        assert texts(machine) == ["before"]
        assert machine("send", "bob", "after").code == 0
        assert texts(machine) == ["before", "after"]


def refused(done: Done) -> None:
    """By the node, or because it has ended."""
    done.clean()
    assert done.code in (3, 8), done


@pytest.mark.parametrize("count", [1, 9])
def test_the_power_goes(machine: Machine, disk: Disk, count: int) -> None:
    """On a real file system: what `send` has answered for is there."""
    with machine.node():
        assert machine("contact", "add", "bob", BOB).code == 0
        sent = [f"text {number}" for number in range(count)]
        for text in sent:
            assert machine("send", "bob", text).code == 0
        disk.go()
    disk.unmount()
    disk.mount()
    with machine.node():
        assert texts(machine) == sent
