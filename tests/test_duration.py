import pytest

from onionchat.duration import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90, "90 seconds"), (3600, "1 hour"), (1209600, "2 weeks")],
)
def test_a_time_is_said_as_it_was_given(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
