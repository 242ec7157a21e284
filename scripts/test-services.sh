#!/bin/sh
# Sees to what the tests start besides Python: mosquitto, node, npm, nginx, openssl, PostgreSQL, MariaDB,
# strace, systemd-notify, tmux, faketime and shellcheck.
# As root on Debian it installs what is missing; otherwise it says how to, and the tests that need it skip.
# With CI=true a missing one is a failure: a skipped test proves nothing.
set -eu
cd "$(dirname "$0")/.."

# Servers of Debian lie in /usr/sbin, MariaDB's of Fedora in /usr/libexec.
has() {
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || [ -x "/usr/libexec/$1" ]
}

# Debian keeps the server's programs out of the PATH, in a folder per version.
has_postgresql() {
    ! has initdb || return 0
    for found in /usr/lib/postgresql/*/bin/initdb; do
        ! [ -x "$found" ] || return 0
    done
    return 1
}

# By the names of Debian; packages.sh knows those of other systems.
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
    has shellcheck || [ -x .cache/venv/bin/shellcheck ] || echo shellcheck # no wheel of it for this machine
}

# The tests start servers of their own; nobody asked for one that listens on this host for good.
new_services() {
    has mosquitto || echo mosquitto
    has nginx || echo nginx
    has_postgresql || echo postgresql
    has mariadbd || echo mariadb
}

install() {
    log=$(mktemp)
    new=$(new_services)
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
    [ -d /run/systemd/system ] || return 0
    for service in $new; do
        systemctl disable --now --quiet "$service.service" || true
    done
}

# shellcheck disable=SC2046 # names of packages, one an argument
set -- $(missing_packages)
[ $# -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    install "$@" || true
    # shellcheck disable=SC2046 # as above
    set -- $(missing_packages)
    [ $# -gt 0 ] || exit 0
fi

cat >&2 <<TEXT

  Missing for some tests: $*
  Install with:  $(scripts/packages.sh hint "$@")

TEXT
if [ "${CI:-}" = true ]; then
    echo "setup: CI=true, so this is a failure" >&2
    exit 1
fi
echo "setup: tests that need them will be skipped, with the reason shown" >&2
