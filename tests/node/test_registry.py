from contextlib import suppress

import msgspec
import pytest

from onionchat.node.verbs import VERBS, Verb


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_a_verbs_parameters_can_be_read_at_all(verb: Verb) -> None:
    """msgspec finds an impossible bound only when it is first used, in a running node."""
    with suppress(msgspec.ValidationError):
        msgspec.convert({}, verb.params)
    assert verb.doc.endswith(".")
