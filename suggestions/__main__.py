"""`python -m suggestions` is the command line."""

from .cli import main

main()
