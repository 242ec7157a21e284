#!/usr/bin/env bash
# Sees to what the tests start besides Python: mosquitto, node, npm, nginx, openssl, PostgreSQL, MariaDB,
# strace, systemd-notify, tmux and faketime.
# As root on Debian it installs what is missing; otherwise it says how to, and the tests that need it skip.
# With CI=true a missing one is a failure: a skipped test proves nothing.
set -euo pipefail

has() {
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]
}

# Debian keeps the server's programs out of the PATH, in a folder per version.
has_postgresql() {
    has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

missing_packages() {
    has mosquitto || echo mosquitto
    has node || echo nodejs
    has npm || echo npm
    has nginx || echo nginx-light
    has openssl || echo openssl
    has_postgresql || echo postgresql
    has mariadbd || echo mariadb-server
    has strace || echo strace
    has systemd-notify || echo systemd
    has tmux || echo tmux
    has faketime || echo faketime
}

install() {
    local log service new=()
    log=$(mktemp)
    has mosquitto || new+=(mosquitto)
    has nginx || new+=(nginx)
    has_postgresql || new+=(postgresql)
    has mariadbd || new+=(mariadb)
    echo "setup: installing Debian packages for the tests: $*"
    if ! {
        apt-get update --quiet &&
            DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "$@"
    } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
    # The tests start servers of their own; nobody asked for one that listens on this host for good.
    [ -d /run/systemd/system ] || return 0
    for service in "${new[@]}"; do
        systemctl disable --now --quiet "$service.service" || true
    done
}

mapfile -t missing < <(missing_packages)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    install "${missing[@]}" || true
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || exit 0
fi

{
    echo
    echo "  Missing for some tests: ${missing[*]}"
    echo "  Install with:  sudo apt-get install --no-install-recommends ${missing[*]}"
    echo
} >&2
if [ "${CI:-}" = true ]; then
    echo "setup: CI=true, so this is a failure" >&2
    exit 1
fi
echo "setup: tests that need them will be skipped, with the reason shown" >&2
