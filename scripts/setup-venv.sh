#!/bin/sh
# Makes .cache/venv hold exactly what requirements/<set>.txt pins, and procman itself, editable.
# It may be removed at any time, so nobody else's lies there: a .venv in the checkout is never read or changed.
# `dev` gets shellcheck from requirements/shell.txt, where there is a wheel of it for this machine.
# Usage: setup-venv.sh run|dev    `dev` holds all of `run`. The second time it only compares a stamp.
set -eu
cd "$(dirname "$0")/.."

set=$1
venv=$PWD/.cache/venv
stamp=$venv/.procman-setup

# The place is part of the stamp: a moved checkout leaves scripts that name the old one.
pins_of() {
    printf 'set=%s\nplace=%s\n' "$1" "$venv"
    sha256sum "requirements/$1.txt"
}

project() {
    sha256sum pyproject.toml procman/__init__.py requirements/shell.txt
}

works() {
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# A Python named by the user wins over the one it was made with.
is_made_with_wanted_python() {
    [ -z "${PYTHON:-}" ] || [ "$(base_of "$venv/bin/python")" = "$(base_of "$PYTHON")" ]
}

base_of() {
    "$1" -c 'import os, sys; print(os.path.realpath(sys.base_prefix), sys.version_info[:2])' 2>/dev/null || true
}

is_ready() {
    works && is_made_with_wanted_python && [ "$(cat "$stamp")" = "$(pins_of "$set" && project)" ]
}

# What is here may be added to when it was finished, lies where it was made and only grows, from run to dev.
can_grow() {
    works && is_made_with_wanted_python || return 1
    pins=$(head -n 3 "$stamp")
    [ "$pins" = "$(pins_of "$set")" ] || [ "$pins" = "$(pins_of run)" ]
}

# Settings that send packages somewhere else than into this environment.
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PYTHONHOME
# Without compiled files every later start pays for it.
unset PYTHONDONTWRITEBYTECODE

# Two `make` at once must not build one environment.
mkdir -p .cache
if command -v flock >/dev/null; then
    exec 9>.cache/venv.lock
    flock 9
fi

if [ -f "$stamp" ]; then
    # An environment for development serves the demo too, and does not shrink to it.
    [ "$(head -n 1 "$stamp")" != set=dev ] || set=dev
    ! is_ready || exit 0
fi

if [ -f "$stamp" ] && can_grow; then
    rm "$stamp"
else
    python=$(scripts/find-python.sh)
    echo "setup: making .cache/venv with $("$python" -c 'import platform; print("Python", platform.python_version())')"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

pip() {
    "$venv/bin/python" -m pip --quiet --quiet --disable-pip-version-check --no-input "$@"
}
echo "setup: installing $(grep -c '^[a-z]' "requirements/$set.txt") pinned packages (requirements/$set.txt)"
pip install --require-hashes -r "requirements/$set.txt"
# Until the distribution had a name of its own its record said procman; as two, removing one would break the other.
pip uninstall --yes procman
pip install --no-deps --no-build-isolation --editable .
# Without a wheel pip would fetch a program from elsewhere: `make shell` takes the one on PATH, or says what is missing.
[ "$set" != dev ] || pip install --only-binary :all: --require-hashes -r requirements/shell.txt 2>/dev/null || true

# Last and whole: an interrupted set-up leaves no stamp and starts over.
pins_of "$set" >"$stamp.new"
project >>"$stamp.new"
mv "$stamp.new" "$stamp"
