"""Much of everything: a long queue, a long history, many contacts, one who floods.

    filling.py   what a profile has after years, put there at once
    work.py      what SQLite does, counted and not timed; the plan of each query
    street_node.py   the node's real process, on a street instead of tor
    queue.py, history.py, idle.py, flood.py   one figure each, for `make load`
    bar.py       a figure beside its bar

See docs/reliability.md for what is measured.
"""
