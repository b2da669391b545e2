"""The watch over uploads, told in seconds."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.tor.events import Descriptor
from onionchat.tor.publication import (
    FEW_ACCEPTED,
    NO_INTRODUCTION,
    NONE_ACCEPTED,
    PAUSE,
    REFUSALS,
    REPAIRS,
    Action,
    Publication,
)


class Story:
    """A publication and the second it is in."""

    def __init__(self) -> None:
        self.now = 0.0
        self.onion = Publication()

    def published(self) -> bool:
        return self.onion.published

    def up(self) -> "Story":
        """Ready and added."""
        assert self.onion.due(self.now) is Action.ADD
        self.onion.added(self.now)
        self.onion.ready(self.now, True)
        return self

    def round(
        self, begun: int, *, accepted: int = 0, failed: int = 0, descriptor: str = "d"
    ) -> None:
        for i in range(begun):
            self.onion.take(Descriptor("UPLOAD", "id", f"dir{i}", descriptor), self.now)
        for i in range(accepted):
            self.onion.take(Descriptor("UPLOADED", "id", f"dir{i}"), self.now)
        for i in range(accepted, accepted + failed):
            self.onion.take(Descriptor("FAILED", "id", f"dir{i}"), self.now)

    def next(self) -> tuple[float, Action] | None:
        """Let nothing happen until something is due."""
        at = self.onion.wake()
        if at is None:
            return None
        assert self.onion.due(at - 0.001) is None
        self.now = at
        action = self.onion.due(at)
        assert action is not None
        if action is Action.ADD:
            self.onion.added(at)
        else:
            self.onion.removed(at)
        return at, action


@pytest.mark.parametrize(("begun", "accepted"), [(8, 4), (6, 3), (5, 3), (1, 1)])
def test_half_of_the_uploads_make_it_published(begun: int, accepted: int) -> None:
    story = Story().up()
    story.round(begun, accepted=accepted - 1)
    assert not story.published()
    story.round(begun, accepted=accepted)
    assert story.published()
    assert story.next() is None


def test_both_live_descriptors_count() -> None:
    story = Story().up()
    story.round(8, descriptor="this period")
    story.round(8, accepted=4, descriptor="next period")
    assert not story.published()  # the four answers are taken for the older uploads
    for i in range(4):
        story.onion.take(Descriptor("UPLOADED", "id", f"dir{i}"), story.now)
    assert story.published()


def test_a_later_round_does_not_unpublish_until_it_has_failed() -> None:
    story = Story().up()
    story.round(8, accepted=8)
    story.now = 4000
    story.round(8)
    assert story.published()
    assert story.next() == (4000 + NONE_ACCEPTED, Action.REMOVE)
    assert not story.published()


@pytest.mark.parametrize(
    ("happens", "patience"),
    [
        (lambda story: None, NONE_ACCEPTED),
        (lambda story: story.round(8), NONE_ACCEPTED),
        (lambda story: story.round(8, failed=7), NONE_ACCEPTED),
        (lambda story: story.round(8, accepted=3), FEW_ACCEPTED),
        (lambda story: story.round(8, accepted=3, failed=5), PAUSE),
    ],
)
def test_silence_few_and_refused_uploads_have_their_own_patience(
    happens: Callable[[Story], None], patience: float
) -> None:
    story = Story().up()
    happens(story)
    assert story.next() == (patience, Action.REMOVE)


def test_repairs_pause_and_come_ever_more_rarely_until_one_helps() -> None:
    story = Story().up()
    removed = []
    for _ in range(5):
        at, action = story.next() or (0, None)
        assert action is Action.REMOVE
        removed.append(at)
        assert story.next() == (at + PAUSE, Action.ADD)
    gaps = [later - earlier for earlier, later in pairwise(removed)]
    assert gaps == [REPAIRS[1], REPAIRS[2], REPAIRS[3], REPAIRS[3]]
    story.round(8, accepted=4)
    assert story.published()
    story.now += 10
    story.round(8)
    assert story.next() == (story.now, Action.REMOVE)
    assert story.now == removed[-1] + PAUSE + 10 + NONE_ACCEPTED


def test_the_clocks_stand_still_without_circuits() -> None:
    story = Story().up()
    story.onion.ready(50, False)
    assert story.onion.wake() is None
    story.onion.ready(1000, True)
    story.onion.ready(1060, True)
    assert story.next() == (1000 + NONE_ACCEPTED, Action.REMOVE)


def test_after_dropped_circuits_only_a_new_round_counts() -> None:
    story = Story().up()
    story.round(8, accepted=8)
    story.onion.doubt(500)
    assert not story.published()
    assert story.onion.wake() == 500 + NONE_ACCEPTED
    story.round(8, accepted=8)
    assert story.published()


def test_refusals_are_tried_again_ever_more_slowly() -> None:
    onion, now = Publication(), 0.0
    for pause in (*REFUSALS, REFUSALS[-1]):
        assert onion.due(now) is Action.ADD
        onion.refused(now)
        assert onion.due(now + pause - 0.001) is None
        now += pause
    onion.due(now)
    onion.added(now)
    onion.removed(now)
    onion.refused(now)
    assert onion.wake() == now + REFUSALS[0]


EVENTS = st.tuples(
    st.sampled_from(["UPLOAD", "UPLOADED", "FAILED", "CREATED", "RECEIVED", "?"]),
    st.integers(0, 5).map(str),
    st.sampled_from(["one", "two", "three", ""]),
    st.floats(0, 400),
    st.sampled_from([None, "circuits", "no circuits", "doubt"]),
)


@given(st.lists(EVENTS, max_size=60))
def test_whatever_tor_says_the_pauses_are_kept(
    steps: list[tuple[str, str, str, float, str]],
) -> None:
    """Never up within PAUSE of down; never two repairs in a row sooner than the second gap."""
    story = Story().up()
    downs: list[float] = []
    since_published = 0
    for action, hsdir, descriptor, wait, other in steps:
        until = story.now + wait
        while (at := story.onion.wake()) is not None and at <= until:
            story.now = max(at, story.now)
            if story.onion.due(story.now) is Action.ADD:
                assert story.now >= downs[-1] + PAUSE
                story.onion.added(story.now)
            else:
                if since_published:
                    assert story.now >= downs[-1] + REPAIRS[1]
                since_published += 1
                downs.append(story.now)
                story.onion.removed(story.now)
        story.now = until
        if other is not None:
            story.onion.doubt(until) if other == "doubt" else story.onion.ready(
                until, other == "circuits"
            )
        story.onion.take(Descriptor(action, "id", hsdir, descriptor), until)
        if story.published():
            since_published = 0


def test_who_has_lost_every_introduction_point_is_put_up_again() -> None:
    story = Story().up()
    for circuit in ("1", "2", "3"):
        story.onion.introduction(circuit, story.now, stands=True)
    story.round(6, accepted=6)
    for circuit in ("1", "2", "of somebody else"):
        story.onion.introduction(circuit, story.now, stands=False)
    assert story.published()
    assert story.next() is None
    story.now = 100.0
    story.onion.introduction("3", story.now, stands=False)
    assert not story.published()
    assert story.next() == (100.0 + NO_INTRODUCTION, Action.REMOVE)
    assert story.next() == (100.0 + NO_INTRODUCTION + PAUSE, Action.ADD)
    assert not story.published()
    story.onion.introduction("4", story.now, stands=True)
    story.round(6, accepted=6)
    assert story.published()


def test_new_introduction_points_are_enough_if_they_come_in_time() -> None:
    story = Story().up()
    story.onion.introduction("1", story.now, stands=True)
    story.round(6, accepted=6)
    story.onion.introduction("1", story.now, stands=False)
    story.now += NO_INTRODUCTION / 2
    story.onion.introduction("2", story.now, stands=True)
    assert story.published()
    assert story.next() is None


def test_without_a_network_nobody_is_put_up_again() -> None:
    story = Story().up()
    story.onion.introduction("1", story.now, stands=True)
    story.round(6, accepted=6)
    story.onion.introduction("1", story.now, stands=False)
    story.onion.ready(story.now, False)
    assert story.next() is None
    story.now = 1000.0
    story.onion.ready(story.now, True)
    assert story.next() == (1000.0 + NO_INTRODUCTION, Action.REMOVE)


def test_where_tor_shows_no_circuits_the_uploads_decide_alone() -> None:
    story = Story().up()
    story.round(6, accepted=6)
    story.onion.introduction("of somebody else", story.now, stands=False)
    assert story.published()
