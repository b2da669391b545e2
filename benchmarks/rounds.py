"""Several programs measured in turn, so that what the machine does meets all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[int], None]
"""Handles so many messages."""


class Rounds:
    """Messages per second of each contestant, one value per round."""

    def __init__(self, contestants: Mapping[str, Work], messages: int, rounds: int) -> None:
        """Each round lets everybody work once; who begins moves on by one."""
        self._rates: dict[str, list[float]] = {name: [] for name in contestants}
        for work in contestants.values():
            work(messages // 10)
        names = list(contestants)
        for turn in range(rounds):
            for step in range(len(names)):
                name = names[(turn + step) % len(names)]
                self._rates[name].append(_rate(contestants[name], messages))

    def rate(self, name: str) -> float:
        return statistics.median(self._rates[name])

    def ratio(self, one: str, other: str) -> float:
        """The median of the rounds' ratios: a slow moment of the machine falls out."""
        pairs = zip(self._rates[one], self._rates[other], strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def _rate(work: Work, messages: int) -> float:
    gc.collect()
    gc.disable()
    begin = time.perf_counter()
    work(messages)
    seconds = time.perf_counter() - begin
    gc.enable()
    return messages / seconds
