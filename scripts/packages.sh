#!/bin/sh
# Tells what this system calls the packages that Debian calls so, for every hint that names a command.
# Usage: packages.sh hint PACKAGE...      prints the command that installs them, or what to look for
#        packages.sh named MANAGER PACKAGE...   prints their names for apt-get, dnf, apk, pacman or zypper
# OS_RELEASE=FILE stands for /etc/os-release.
set -eu

# The names that differ. Nothing is printed for what a system does not have.
named() {
    case $1:$2 in
    apt-get:*) echo "$2" ;;
    *:faketime) echo libfaketime ;;
    *:nginx-light) echo nginx ;;
    dnf:iproute2) echo iproute ;;
    dnf:mariadb-server) echo mariadb-server ;;
    *:mariadb-server) echo mariadb ;;
    dnf:postgresql | zypper:postgresql) echo postgresql-server ;;
    dnf:shellcheck | zypper:shellcheck) echo ShellCheck ;;
    dnf:python3 | dnf:python3-venv) echo python3.12 ;; # python3 of RHEL 9 is 3.9
    zypper:python3 | zypper:python3-venv) echo python312 ;;
    pacman:python3 | pacman:python3-venv) echo python ;;
    *:python3-venv) echo python3 ;;
    apk:systemd) ;;
    *) echo "$2" ;;
    esac
}

all_named() {
    manager=$1
    shift
    for package; do named "$manager" "$package"; done | sort -u
}

# A system can have the package manager of another one as a program: then the name of the system counts.
manager() {
    found=
    for name in apt-get dnf apk pacman zypper; do
        ! command -v "$name" >/dev/null || found="$found $name"
    done
    case ${found# } in
    *' '*) ;;
    *) echo "${found# }" && return ;;
    esac
    # shellcheck source=/dev/null
    for system in $(ID='' ID_LIKE='' && . "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "$ID $ID_LIKE"); do
        case $system in
        debian | ubuntu) echo apt-get && return ;;
        fedora | rhel | centos) echo dnf && return ;;
        alpine) echo apk && return ;;
        arch) echo pacman && return ;;
        suse | opensuse*) echo zypper && return ;;
        esac
    done
}

become_root() {
    if [ "$(id -u)" = 0 ]; then
        return
    elif ! command -v sudo >/dev/null && command -v doas >/dev/null; then
        printf 'doas '
    else
        printf 'sudo '
    fi
}

hint() {
    manager=$(manager)
    case $manager in
    apk) verb=add ;;
    pacman) verb=-S ;;
    '') echo "install $* with the package manager of this system" && return ;;
    *) verb=install ;;
    esac
    packages=$(all_named "$manager" "$@" | tr '\n' ' ')
    if [ -n "$packages" ]; then
        echo "$(become_root)$manager $verb ${packages% }"
    else
        echo "this system has no package for $*"
    fi
}

case ${1:-} in
hint) shift && hint "$@" ;;
named) shift && all_named "$@" ;;
*) echo "usage: packages.sh hint PACKAGE... | packages.sh named MANAGER PACKAGE..." >&2 && exit 64 ;;
esac
