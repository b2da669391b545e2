"""What the supervisor says when the time it was given is over; tests/live has it whole."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from onionchat.errors import DamagedError, OnionchatError, RefusedError
from onionchat.node import restarts
from onionchat.node.options import UpOptions
from onionchat.node.start import Start
from onionchat.node.supervisor import Supervisor, _End
from onionchat.paths import Paths
from onionchat.store.lock import Lock

BLOCKED = "it looks as if this network blocks tor; try a bridge"


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ([], "tor got to 0 % (starting)"),
        ([{"bootstrap": 14, "step": "handshaking", "warning": None}], "14 % (handshaking)"),
        ([{"bootstrap": 14, "step": "handshaking", "warning": BLOCKED}], f"seconds: {BLOCKED}"),
        (
            [
                {"bootstrap": 5, "step": "calling", "warning": BLOCKED},
                {"bootstrap": 45, "step": "loading", "warning": None},
            ],
            "tor got to 45 % (loading)",
        ),
    ],
)
def test_a_timeout_tells_how_far_tor_got_or_what_is_wrong(
    tmp_path: Path, heard: list[Mapping[str, Any]], words: str
) -> None:
    paths = Paths("default", tmp_path, tmp_path / "run")
    options = UpOptions(paths, tor_control="/c", tor_socks="/s", timeout=0.0)

    async def scene(lock: Lock) -> None:
        supervisor = Supervisor(Start.make(options), lock, lambda _: None)
        for said in heard:
            supervisor._hear({"event": "tor", **said})
        await supervisor._until_ready()

    with Lock.acquire(tmp_path / "lock") as lock, pytest.raises(_End) as end:
        asyncio.run(scene(lock))
    assert words in str(end.value.error)
    assert end.value.error is not None
    assert end.value.error.exit_code == 3


UNLOCKED = {"event": "unlocked"}
FULL = {"event": "error", "error": "refused", "message": "full", "hint": "room", "passes": True}
IN_THE_WAY = FULL | {"message": "in the way", "passes": False}
DAMAGED = FULL | {"error": "damaged", "message": "damaged", "passes": False}
Life = tuple[list[Mapping[str, Any]], int]
"""What a node says, and its exit code."""


def lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *told: Life) -> tuple[Any, list[str]]:
    """How a supervisor ends whose nodes live like this, and what it has warned of."""
    monkeypatch.setattr(restarts, "PAUSES", (0.0,))
    options = UpOptions(
        Paths("default", tmp_path, tmp_path / "run"), tor_control="/", tor_socks="/"
    )
    warnings: list[str] = []

    def report(said: Mapping[str, Any]) -> None:
        if said["event"] == "warning":
            warnings.append(said["message"])

    async def scene(lock: Lock) -> OnionchatError | None:
        supervisor = Supervisor(Start.make(options), lock, report)
        rest = iter(told)

        async def run_node() -> int:
            said, code = next(rest)
            for line in said:
                supervisor._hear(dict(line))
            return code

        monkeypatch.setattr(supervisor, "_run_node", run_node)
        with pytest.raises(_End) as end:
            await supervisor._keep_node()
        assert list(rest) == []
        return end.value.error

    with Lock.acquire(tmp_path / "lock") as lock:
        return asyncio.run(scene(lock)), warnings


def test_a_node_that_its_machine_failed_is_started_until_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Life] = [([UNLOCKED, FULL], 8), ([FULL], 8), ([UNLOCKED], -9), ([UNLOCKED], 0)]
    error, warnings = lives(tmp_path, monkeypatch, *told)
    assert error is None
    again = "; the node is started again"
    assert warnings == ["full" + again, "full" + again, "the node died" + again]


@pytest.mark.parametrize(
    ("life", "kind"),
    [
        (([FULL], 8), RefusedError),
        (([UNLOCKED, IN_THE_WAY], 8), RefusedError),
        (([UNLOCKED, DAMAGED], 9), DamagedError),
    ],
)
def test_what_would_fail_the_same_way_again_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: Life, kind: type[OnionchatError]
) -> None:
    error, warnings = lives(tmp_path, monkeypatch, life)
    assert isinstance(error, kind)
    assert warnings == []
