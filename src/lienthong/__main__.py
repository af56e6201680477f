"""`python -m lienthong` is the command `lienthong`."""

from __future__ import annotations

from lienthong.cli import main

if __name__ == "__main__":
    main()
