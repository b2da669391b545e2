"""Whole nodes in virtual time, a simulated Tor between them, faults on purpose.

    loop      virtual time; each machine has a clock of its own, and can sleep
    chance    every random number of a run comes from its seed
    disk      the store's thread: real SQLite, which may be full, or die at a commit
    wire      links that lag, break, fall silent and are tampered with
    tor       onions, descriptors, dials, and what becomes of them
    machine   one person's computer: node, tor, disk, clock; it starts, crashes, sleeps
    person    who writes and reads there
    faults    what goes wrong, and when
    world     one run: faults, then quiet, in which everything must come right
    trace     what happened, one line for each event; the only thing that `checker` reads

See docs/reliability.md for what is counted and what is not covered.
"""
