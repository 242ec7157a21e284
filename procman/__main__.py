"""``python -m procman``."""

from procman.cli import main

main()
