"""A second, independent implementation of the onionchat protocol.

Made from docs/protocol.md alone, to find out whether that text suffices. It must never import
`onionchat`: two programs that share code agree on their mistakes as well. State is kept in
memory only, speed does not matter.

keys.py        section 1: identity, address, valid keys, safety number
primitives.py  section 0: H, HKDF, AEAD, X25519, ML-KEM-768
handshake.py   section 2: M1, M2, M3, split
channel.py     section 3: frames, hello, which session to use
ratchet.py     section 4: double ratchet
records.py     section 5: padding and records
node.py        sections 3.3, 6, 7, 10: what a node does with them; it reads by itself
peer.py        the same with calls that wait
"""
