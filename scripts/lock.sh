#!/bin/sh
# Resolves pyproject.toml anew into uv.lock and exports it, hashed, into requirements/, so that set-up needs pip alone.
# Usage: lock.sh [--upgrade]    Without --upgrade, versions already locked stay unless pyproject.toml forbids them.
set -eu
cd "$(dirname "$0")/.."

# Nothing of this machine may reach the lock: no other index, no folder of wheels, no configuration of the user.
for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case $name in
    UV_* | PIP_FIND_LINKS | PIP_INDEX_URL | PIP_EXTRA_INDEX_URL | PIP_CONSTRAINT | PIP_NO_INDEX) unset "$name" ;;
    esac
done
export PIP_CONFIG_FILE=/dev/null
index=https://pypi.org/simple

python=$(scripts/find-python.sh)
tools=.cache/lock
if [ ! -f "$tools/made" ] || ! cmp -s "$tools/made" requirements/lock.txt; then
    rm -rf "$tools"
    "$python" -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --index-url "$index" \
        --require-hashes -r requirements/lock.txt
    cp requirements/lock.txt "$tools/made"
fi
uv() {
    "$tools/bin/uv" --no-config --system-certs --quiet "$@"
}

uv lock --python "$python" --default-index "$index" "$@"
for set in run dev shell lock; do
    {
        printf "# Made by 'make lock' from uv.lock (group %s). Do not edit.\n" "$set"
        uv export --python "$python" --frozen --no-header --no-annotate --no-emit-project \
            --no-default-groups --only-group "$set" --format requirements-txt
    } >"requirements/$set.txt.new"
    mv "requirements/$set.txt.new" "requirements/$set.txt"
    printf 'lock: requirements/%s.txt, %s packages\n' "$set" "$(grep -c '^[a-z]' "requirements/$set.txt")"
done
