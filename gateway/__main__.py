"""`gateway` and `python -m gateway`."""

from __future__ import annotations


def main() -> None:
    """Run the command line; ends the process with its exit status."""
    from gateway.cli.app import run

    run()


if __name__ == "__main__":
    main()
