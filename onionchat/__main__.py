"""`python -m onionchat` and the `onionchat` script."""


def main() -> None:
    from onionchat.cli.main import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
