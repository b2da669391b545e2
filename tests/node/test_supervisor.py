"""What the supervisor says when the time it was given is over; tests/live has it whole."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from onionchat.node.options import UpOptions
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
        supervisor = Supervisor(options, b"", lock, lambda _: None)
        for said in heard:
            supervisor._hear({"event": "tor", **said})
        await supervisor._until_ready()

    with Lock.acquire(tmp_path / "lock") as lock, pytest.raises(_End) as end:
        asyncio.run(scene(lock))
    assert words in str(end.value.error)
    assert end.value.error is not None
    assert end.value.error.exit_code == 3
