"""``python -I -S launch.py SPEC`` becomes one instance. Only finds the package; the work is in `chain`.

A script is compiled anew on every start, a module once: so nothing else stands here.
"""

import sys


def main() -> None:
    """Become the instance that the spec file names; ends the process otherwise."""
    # Last, so that what lies beside procman cannot stand in for the standard library.
    sys.path.append(__file__.rsplit("/", 3)[0])
    from procman.runtime import chain  # noqa: PLC0415 - found only now

    chain.run(sys.argv[1:])


if __name__ == "__main__":
    main()
