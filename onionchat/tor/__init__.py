"""tor: find it, run it, steer it, dial and listen through it."""
