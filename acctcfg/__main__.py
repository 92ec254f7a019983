"""`python -m acctcfg`, and the console script."""

from __future__ import annotations

import sys

from acctcfg.cli import run

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run())


if __name__ == "__main__":
    main()
