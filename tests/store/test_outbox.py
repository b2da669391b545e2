"""In which order what waits leaves."""

from pathlib import Path

from onionchat.store import messages, outbox
from onionchat.store.contacts import ContactRow
from onionchat.types import MessageId
from tests.store.one_contact import NOW, with_a_contact

TEXT, YES, WITHDRAWN = 2, 4, 6
MANY = 100


def queue(bob: ContactRow, *tags: int) -> None:
    for number, tag in enumerate(tags):
        name, shown = MessageId(number.to_bytes(16)), None
        if tag == TEXT:
            shown = messages.add_own(bob.conversation, name, str(number), NOW)
        record = b"numbered when it was queued" if tag == WITHDRAWN else None
        outbox.queue(bob.device, tag, name, NOW, shown, record=record)


def test_a_yes_goes_first_then_what_has_its_number(tmp_path: Path) -> None:
    """Who has forgotten that they know us drops whatever comes before the yes."""

    def scene(bob: ContactRow) -> None:
        queue(bob, TEXT, TEXT, WITHDRAWN, TEXT, YES, TEXT)
        tags = [row.tag for row in outbox.due(bob.device, MANY, 0)]
        assert tags == [YES, WITHDRAWN, TEXT, TEXT, TEXT, TEXT]
        assert [row.tag for row in outbox.ahead(bob.device, MANY, 0)] == [YES, WITHDRAWN]

    with_a_contact(tmp_path, scene)


def test_with_little_room_the_yes_is_what_leaves(tmp_path: Path) -> None:
    def scene(bob: ContactRow) -> None:
        queue(bob, TEXT, WITHDRAWN, YES)
        for room, expected in enumerate(([], [YES], [YES, WITHDRAWN])):
            assert [row.tag for row in outbox.due(bob.device, room, 0)] == expected

    with_a_contact(tmp_path, scene)
