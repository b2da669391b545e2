"""`python -m onionchat` and the `onionchat` script."""

from onionchat.cli.signals import leave, leave_quietly

leave_quietly()


def main() -> None:
    from onionchat.cli.main import run

    leave(run())


if __name__ == "__main__":
    main()
