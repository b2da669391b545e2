"""Verbs about contacts: ask, list, show.

A petname is local and never sent. It must not be mistaken for anything else: not for a
number of a request, an address, an option, or another name that looks the same; the
store refuses two names with one confusable skeleton.
"""

import msgspec

from onionchat.crypto.address import format_address, parse_address
from onionchat.errors import NotFoundError, RefusedError
from onionchat.node import requests as asking
from onionchat.node import view
from onionchat.node.petname import check_petname
from onionchat.node.profile import Profile
from onionchat.node.verbs.registry import verb
from onionchat.protocol.limits import REQUEST_CHARACTERS
from onionchat.store import contacts, requests
from onionchat.types import IdentityKey, Millis
