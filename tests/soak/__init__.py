"""Real nodes on a real, private Tor network, for hours, while a nemesis kills what it can.

    network.py   the private network; a relay that was killed is started again
    resident.py  one person: `onionchat up` and what runs below it
    chatter.py   everybody writes to everybody and reads what comes
    nemesis.py   who is killed, stopped or frozen, and when
    trace.py     what was seen, line by line
    checker.py   reads the trace, and nothing else
    tally.py     what was counted, over many runs

See docs/reliability.md for what is counted.
"""
