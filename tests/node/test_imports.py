"""A node at work opens no file for its own code: descriptors can have run out by then."""

import subprocess
import sys
from pathlib import Path

SCENE = """
import asyncio, sys
from pathlib import Path
import onionchat.service
import tests.node.test_rollback as talk
from tests.node.street import befriend

async def scene():
    alice, bob = talk.households(Path(sys.argv[1]))
    async with alice.up(), bob.up():
        await befriend(alice, bob)
        await talk.exchange(alice, bob, "hello")

before = set(sys.modules)
asyncio.run(scene())
print(*sorted(set(sys.modules) - before))
"""


def test_everything_is_imported_before_the_first_friend_comes(tmp_path: Path) -> None:
    words = [sys.executable, "-c", SCENE, str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
