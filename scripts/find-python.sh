#!/bin/sh
# Prints the full path of a Python that can make the virtual environment, or says what to install.
# PYTHON=... names one; otherwise the first of python3, python3.13, python3.12, python3.11 that is at least 3.11.
set -eu

if [ "$(uname -s)" != Linux ]; then
    echo "procman runs on Linux only: it leans on flock, /proc and PR_SET_PDEATHSIG. This is $(uname -s)." >&2
    exit 1
fi

# A name on PATH proves nothing: pyenv leaves shims that fail when run. So each candidate is run.
version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

hint() {
    "$(dirname "$0")/packages.sh" hint "$@"
}

seen=
without_venv=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
    version=$(version_of "$candidate") || continue
    if ! new_enough "$candidate"; then
        seen="$seen $candidate ($version)"
    elif ! can_make_venv "$candidate"; then
        without_venv="${without_venv:-$candidate $version}"
    else
        # In an activated environment this is its own python3: what it was made with outlives it.
        "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", None) or sys.executable)'
        exit 0
    fi
done

if [ -n "$without_venv" ]; then
    name=${without_venv% *}
    version=${without_venv##* }
    cat >&2 <<TEXT
procman: $name (Python $version) cannot make a virtual environment: its venv or ensurepip module is missing.
Install it:
    $(hint python3-venv)        # for the system's python3
TEXT
    if command -v apt-get >/dev/null; then
        echo "    $(hint "python$version-venv")     # for python$version from elsewhere" >&2
    fi
elif [ -n "${PYTHON:-}" ]; then
    echo "procman: PYTHON=$PYTHON does not run, or is older than Python 3.11.${seen:+ Found:$seen.}" >&2
else
    cat >&2 <<TEXT
procman needs Python 3.11 or newer; tried python3, python3.13, python3.12 and python3.11.${seen:+ Found only:$seen.}
Install one: $(hint python3 python3-venv)
(Debian 12, Ubuntu 24.04 and Alpine 3.19 are the first of theirs to have one),
or name one that lies elsewhere: make PYTHON=/path/to/python3.12 ...
TEXT
fi
exit 1
