"""`python -m suggestions` is the command line."""

from suggestions.cli import main

main()
