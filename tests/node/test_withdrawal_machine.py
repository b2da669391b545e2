"""Messages that end before they are known to have arrived, for as long as hypothesis likes.

Texts are queued, with a time to live or without, leave, are lost or late, are confirmed or
not, are cancelled, expire. Whatever has happened, when it is over Bob has shown each text at
most once and waits for nothing, and Alice knows of each what is true of it at Bob's.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from onionchat.store import outbox
from onionchat.types import MessageId
from tests.node.two_stores import Pair, gaps, pair, shown, states

OPEN = {"queued", "sent"}


class Withdrawals(RuleBasedStateMachine):
    pair: Pair

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._directory = TemporaryDirectory()
        self._ids: list[MessageId] = []

    def do(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(step)

    @initialize()
    def meet(self) -> None:
        self.pair = self.do(pair(Path(self._directory.name), self._stack))

    @rule(hours=st.none() | st.integers(1, 3))
    def say(self, hours: int | None) -> None:
        self._ids.append(self.do(self.pair.say(hours)))

    @rule()
    def leave(self) -> None:
        self.do(self.pair.leave())

    @rule()
    def arrive(self) -> None:
        self.do(self.pair.arrive())

    @rule()
    def answer(self) -> None:
        self.do(self.pair.answer())

    @rule()
    def confirm(self) -> None:
        self.do(self.pair.confirm())

    @rule()
    def break_connection(self) -> None:
        self.do(self.pair.connect(arrives=False))

    @rule()
    def dial_both_ways(self) -> None:
        self.do(self.pair.connect())

    @rule(hours=st.integers(1, 3))
    def pass_hours(self, hours: int) -> None:
        self.do(self.pair.pass_hours(hours))

    @rule(choose=st.randoms(use_true_random=False))
    def cancel(self, choose: Any) -> None:
        if self._ids:
            message_id = choose.choice(self._ids)
            if self.do(self.pair.alice.do(outbox.state, message_id)) in OPEN:
                self.do(self.pair.cancel(message_id))

    def teardown(self) -> None:
        try:
            if hasattr(self, "pair"):
                self.do(self.pair.quiet())
                self._judge()
        finally:
            self.do(self._stack.aclose())
            self._runner.close()
            self._directory.cleanup()

    def _judge(self) -> None:
        at_bob = self.do(self.pair.bob.do(shown))
        at_alice = self.do(self.pair.alice.do(states))
        assert self.do(self.pair.bob.do(gaps)) == 0
        assert self.do(self.pair.alice.do(outbox.in_flight, 1)) == 0
        assert len(at_bob) == len(set(at_bob))
        for text, state in at_alice.items():
            assert (state == "delivered") == (text in at_bob), (text, state)
            assert state not in OPEN


TestWithdrawals = Withdrawals.TestCase
TestWithdrawals.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
