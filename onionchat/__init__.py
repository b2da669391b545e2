"""onionchat: a messenger whose address is a Tor onion service."""

__version__ = "0.1.0"
