"""What is left of a profile when the power goes, for any instant of a recording.

Each image is a directory as a disk may have it then. It is opened as the node opens it, and
must have everything that anybody had been told of by that instant. The recording is of a
real node; before it answers, or an envelope leaves, it says what others know from then on.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from onionchat.errors import UnreachableError
from onionchat.hardening import describe
from onionchat.node.profile import unlocked
from onionchat.store.models import Message
from tests.crash import autopsy, strace
from tests.crash.autopsy import known_to_others
from tests.crash.disk import Directory, Luck
from tests.crash.nursery import Nursery
from tests.crash.profiles import PASSPHRASE, PEER, VICTIM, Person, place, up
from tests.crash.recording import CALLS, Step, steps
from tests.crash.scenes import Scene, busy, node

CHANCES = (0.0, 0.5, 0.9, 1.0)
"""For what was not synced to be on the disk: nothing, some, most, all of it."""


@dataclass(frozen=True)
class Take:
    """A recording to be made. `begins`: the template; `failing`: the syncs of the store that
    fail, as strace counts them; `dies`: the process with the first of them."""

    begins: str = "friends"
    settings: dict[str, int] = field(default_factory=dict)
    failing: str | None = None
    dies: bool = False
    weak: str | None = None

    @property
    def kind(self) -> str:
        if self.failing is None:
            return "syncs that go well"
        return "a sync that fails" + (", and a process that dies of it" if self.dies else "")

    @property
    def injected(self) -> str | None:
        if self.failing is None:
            return None
        death = ":signal=SIGKILL" if self.dies else ""
        return f"?fsync,?fdatasync:error=EIO{death}:when={self.failing}"


def any_take(random: Random) -> Take:
    """With checkpoints often or never, and some failures of the disk or none."""
    first = random.randint(1, 60)
    return Take(
        begins=random.choice(("friends", "interrupted", "old")),
        settings=random.choice(({}, {"wal_autocheckpoint": 40})),
        failing=random.choice((None, f"{first}..{first + random.choice((0, 0, 1, 5))}")),
        dies=random.choice((True, False)),
    )


@dataclass(frozen=True)
class Recording:
    """`files`: what was there before the first step, and on the disk."""

    files: dict[str, bytes]
    steps: list[Step]


async def record(nursery: Nursery, templates: Path, directory: Path, take: Take) -> Recording:
    """A node that starts, sends and receives, and stops; again, if it ends before."""
    shutil.copytree(templates / take.begins, directory, symlinks=True)
    root = place(directory, VICTIM).root
    files = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    async with up(directory, PEER) as peer:
        told, code = await _life(nursery, directory, peer, take)
        if code != 0:
            told += (await _life(nursery, directory, peer, replace(take, failing=None)))[0]
    shutil.rmtree(directory)
    return Recording(files, told)


async def _life(
    nursery: Nursery, directory: Path, peer: Person, take: Take
) -> tuple[list[Step], int | None]:
    """From the opening of the database to the end."""
    order = {**node(PASSPHRASE), "settings": take.settings, "weak": take.weak}
    async with nursery.start(directory, **order, stop_at="opening", tells=True) as victim:
        threads = await victim.marker()
        with strace.watch(threads["main"], CALLS, directory / "trace", take.injected):
            victim.go_on()
            with suppress(UnreachableError):
                await busy(Scene(directory, peer, victim))
            await victim.gone()
    return list(steps(directory / "trace", place(directory, VICTIM).root)), victim.exit_code


@dataclass
class Told:
    """What others had been told: `queued` and `receipted` are IDs of messages."""

    queued: set[str] = field(default_factory=set)
    receipted: set[str] = field(default_factory=set)
    encrypted: int = 0

    def hear(self, said: dict[str, object]) -> None:
        match said:
            case {"result": {"id": str(message_id)}}:
                self.queued.add(message_id)
            case {"leaves": {"encrypted": int(encrypted), "receipted": list(receipted)}}:
                self.encrypted = max(self.encrypted, encrypted)
                self.receipted.update(receipted)


@dataclass(frozen=True)
class Image:
    """`step`: how far the recording had got; `lost`: what is wrong with it."""

    step: int
    lost: list[str]


async def images(
    recording: Recording, place_of: Path, count: int, random: Random
) -> AsyncIterator[Image]:
    """So many, at random instants; each lies in `place_of` while it is looked at."""
    cuts = sorted(random.choices(range(len(recording.steps) + 1), k=count))
    directory, told = Directory(recording.files), Told()
    for number, step in enumerate([*recording.steps, Step("end")]):
        while cuts and cuts[0] == number:
            cuts.pop(0)
            directory.leave(place(place_of, VICTIM).root, Luck(random.choice(CHANCES), random))
            yield Image(number, await _lost(place_of, told))
            shutil.rmtree(place_of)
        step.take(directory, Luck(random.choice(CHANCES), random))
        told.hear(step.said)


async def _lost(directory: Path, told: Told) -> list[str]:
    """Looked at twice: what a WAL mends is mended only when it is folded into the file."""
    paths = place(directory, VICTIM)
    try:
        async with unlocked(paths, PASSPHRASE) as profile:
            lost = await profile.db.run(_missing, told)
        return lost + autopsy.damaged(paths) + ([profile.warning] if profile.warning else [])
    except Exception as error:
        return [f"{describe(error)} {error}"]


def _missing(told: Told) -> list[str]:
    lost = []
    there = {message_id.hex() for (message_id,) in Message.select(Message.message_id).tuples()}
    if not told.queued <= there:
        lost.append("a message that was acknowledged is lost")
    if not told.receipted <= there:
        lost.append("a message that was receipted is lost")
    if known_to_others()["encrypted"] < told.encrypted:
        lost.append("an envelope that has left is forgotten: its key would be used twice")
    return lost
