"""`python -m ccheck` is the command `ccheck`."""

from ccheck.cli import main

main()
