"""What `make wheel` makes: the wheel, the sdist, the list of what they depend on, their hashes."""
