"""``python -I -S ask.py SPEC KIND PID`` becomes the command by which KIND (``ready``, ``alive``) is asked of PID.

Only finds the package; the work is in `asking`.
"""

import sys


def main() -> None:
    """Become the command; ends the process otherwise."""
    # Last, so that what lies beside procman cannot stand in for the standard library.
    sys.path.append(__file__.rsplit("/", 3)[0])
    from procman.runtime import asking  # noqa: PLC0415 - found only now

    asking.run(sys.argv[1:])


if __name__ == "__main__":
    main()
