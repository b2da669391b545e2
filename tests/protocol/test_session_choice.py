"""The rule is a pure function; what matters is that both sides compute the same."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from onionchat.protocol.hello import Hello, Listed, Purpose
from onionchat.protocol.session_choice import Choice, choose
from onionchat.types import Incarnation, SessionId

LOW, MIDDLE, HIGH = (SessionId(bytes([n]) + bytes(15)) for n in (1, 0x7F, 0xFE))


def hello(*rows: tuple[SessionId, int, int]) -> Hello:
    return Hello(0, Purpose.TALK, Incarnation(bytes(16)), tuple(Listed(*row) for row in rows))


def test_nothing_listed_starts_a_new_session() -> None:
    assert choose(hello(), hello()) == Choice(None, (), (), ())


def test_nothing_in_common_retires_mine_and_starts_a_new_one() -> None:
    assert choose(hello((LOW, 1, 0)), hello((HIGH, 0, 1))) == Choice(None, (), (), (LOW,))


def test_the_greatest_in_common_bytewise_and_unsigned() -> None:
    mine = hello((HIGH, 1, 0), (MIDDLE, 0, 0), (LOW, 9, 9))
    theirs = hello((LOW, 9, 9), (MIDDLE, 0, 0))
    assert choose(mine, theirs) == Choice(MIDDLE, (), (), (HIGH,))
    assert choose(hello((MIDDLE, 0, 0), (HIGH, 1, 0)), hello((HIGH, 0, 1), (MIDDLE, 0, 0))).use == (
        HIGH
    )


def test_envelopes_on_their_way_are_no_fault() -> None:
    assert choose(hello((LOW, 9, 4)), hello((LOW, 7, 2))) == Choice(LOW, (), (), ())


def test_the_peer_received_more_than_i_sent() -> None:
    assert choose(hello((LOW, 1, 0)), hello((LOW, 0, 2))) == Choice(None, (LOW,), (), ())
    assert choose(hello((LOW, 0, 2)), hello((LOW, 1, 0))) == Choice(None, (), (LOW,), ())


def test_both_were_rolled_back() -> None:
    assert choose(hello((LOW, 1, 3)), hello((LOW, 1, 3))) == Choice(None, (LOW,), (LOW,), ())


def test_a_broken_one_beside_the_greatest_leaves_it_in_use() -> None:
    mine, theirs = hello((HIGH, 5, 0), (LOW, 1, 0)), hello((HIGH, 0, 5), (LOW, 0, 2))
    assert choose(mine, theirs) == Choice(HIGH, (LOW,), (), ())


def test_the_greatest_broken_starts_a_new_one_though_another_is_sound() -> None:
    mine, theirs = hello((HIGH, 1, 0), (LOW, 1, 0)), hello((HIGH, 0, 2), (LOW, 0, 1))
    assert choose(mine, theirs) == Choice(None, (HIGH,), (), ())


SIDS = st.sampled_from([LOW, MIDDLE, HIGH, SessionId(bytes(16)), SessionId(b"\xff" * 16)])
COUNTS = st.integers(0, 3) | st.just(2**64 - 1)
HELLOS = st.lists(st.tuples(SIDS, COUNTS, COUNTS), max_size=4, unique_by=lambda row: row[0]).map(
    lambda rows: hello(*rows)
)


@given(HELLOS, HELLOS)
@example(hello((LOW, 0, 1)), hello((LOW, 0, 1)))
@settings(max_examples=400, deadline=None)
def test_both_sides_reach_the_same(mine: Hello, theirs: Hello) -> None:
    here, there = choose(mine, theirs), choose(theirs, mine)
    assert here.use == there.use
    assert set(here.rolled_back_me) == set(there.rolled_back_peer)
    assert set(here.rolled_back_peer) == set(there.rolled_back_me)


@given(HELLOS, HELLOS)
@settings(max_examples=300, deadline=None)
def test_what_is_used_is_common_sound_and_the_greatest(mine: Hello, theirs: Hello) -> None:
    choice = choose(mine, theirs)
    common = {row.sid for row in mine.sessions} & {row.sid for row in theirs.sessions}
    broken = {*choice.rolled_back_me, *choice.rolled_back_peer}
    assert set(choice.retired) == {row.sid for row in mine.sessions} - common
    assert broken <= common
    if choice.use is None:
        assert not common or max(common) in broken
    else:
        assert choice.use == max(common)
        assert choice.use not in broken


@given(HELLOS, HELLOS)
@settings(max_examples=200, deadline=None)
def test_the_order_of_a_list_does_not_matter(mine: Hello, theirs: Hello) -> None:
    backwards = Hello(0, Purpose.TALK, mine.incarnation, mine.sessions[::-1])
    assert choose(backwards, theirs).use == choose(mine, theirs).use
