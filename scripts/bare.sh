#!/bin/sh
# Runs `make demo` and `make test` on machines that nobody prepared: fresh minimal Debian, in a scratch folder.
# Usage: bare.sh [SUITE...]    bookworm (Debian 12) and trixie (Debian 13) when none is named.
#   STEPS    which of  user-demo root-demo root-test user-test  to run, in this order; all when not set. The user comes
#            first because root's `make test` installs Debian packages, and a user finds a machine without them.
#   SCRATCH  where the machines lie: a new folder below /var/tmp when not set; removed when every step was good.
#   MIRROR   a mirror of Debian's packages, when not debootstrap's own.
# It needs root and debootstrap; elsewhere it says so and ends with 0, or with 1 where CI=true.
set -eu
cd "$(dirname "$0")/.."

STEPS=${STEPS:-user-demo root-demo root-test user-test}
PACKAGES=ca-certificates,git,make,python3,python3-venv
USER_NAME=visitor
# How this machine reaches package indexes: a proxy, an index or an authority of its own.
NETWORK='http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL PIP_CERT PIP_DEFAULT_TIMEOUT
SSL_CERT_FILE NODE_EXTRA_CA_CERTS npm_config_registry'

skip() {
    echo "bare: skipped: $1" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

check_machine() {
    [ "$(id -u)" = 0 ] || skip "it makes and enters a Debian of its own, which takes root"
    command -v debootstrap >/dev/null || skip "debootstrap is missing: $(scripts/packages.sh hint debootstrap)"
    unshare --mount --pid --fork true 2>/dev/null || skip "this machine does not let root make mount and pid namespaces"
    git rev-parse --quiet --verify HEAD >/dev/null 2>&1 || skip "this is no git checkout with a commit"
}

# A machine: minimal Debian, this machine's way to the network, one user, and a clone for each of the two.
make_machine() {
    root=$1 suite=$2
    debootstrap --variant=minbase --include="$PACKAGES" "$suite" "$root" ${MIRROR:+"$MIRROR"} >"$root.log" 2>&1 || {
        tail -n 5 "$root.log" >&2
        exit 1
    }
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
    chroot "$root" useradd --create-home --shell /bin/sh "$USER_NAME"
    for home in root "home/$USER_NAME"; do
        git -c safe.directory='*' clone --quiet --no-local . "$root/$home/procman"
    done
    chroot "$root" chown -R "$USER_NAME:" "/home/$USER_NAME/procman"
}

# Everything a step starts ends with it: pid 1 of its namespace is the shell that waits for it.
enter() {
    root=$1 who=$2 home=$3 target=$4
    set -- "HOME=$home" "USER=$who" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
    for name in $NETWORK; do
        eval "value=\${$name:-}"
        [ -z "$value" ] || set -- "$@" "$name=$value"
    done
    # shellcheck disable=SC2016 # the inner shell expands these
    unshare --mount --pid --fork --kill-child sh -euc '
        root=$1 who=$2 home=$3 target=$4
        shift 4
        mount --rbind /dev "$root/dev"
        mount --rbind /sys "$root/sys"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount -t tmpfs -o mode=0755 tmpfs "$root/run"
        mkdir -m 1777 "$root/run/lock"
        mount -t proc proc "$root/proc"
        chroot --userspec="$who:$who" --groups="$who" "$root" \
            env -i "$@" sh -c "cd \"$home/procman\" && make $target" </dev/null
    ' sh "$root" "$who" "$home" "$target" "$@"
}

step() {
    root=$1 suite=$2 step=$3
    log=$root.$step.log
    case $step in
        user-*) who=$USER_NAME home=/home/$USER_NAME ;;
        root-*) who=root home=/root ;;
        *) echo "bare: no such step: $step" >&2 && return 2 ;;
    esac
    begun=$(date +%s)
    code=0
    enter "$root" "$who" "$home" "${step#*-}" >"$log" 2>&1 || code=$?
    printf 'bare: %s, %s, make %s: exit %s after %s s: %s\n' \
        "$suite" "$who" "${step#*-}" "$code" $(($(date +%s) - begun)) "$(tail -n 1 "$log")"
    [ "$code" = 0 ] || printf '      the whole of it: %s\n' "$log"
    return "$code"
}

check_machine
scratch=${SCRATCH:-$(mktemp -d /var/tmp/procman-bare.XXXXXX)}
mkdir -p "$scratch"
[ $# -gt 0 ] || set -- bookworm trixie
bad=0
for suite in "$@"; do
    echo "bare: making a minimal Debian, $suite"
    make_machine "$scratch/$suite" "$suite"
    for name in $STEPS; do
        step "$scratch/$suite" "$suite" "$name" || bad=1
    done
done
if [ "$bad" = 0 ] && [ -z "${SCRATCH:-}" ]; then
    rm -rf --one-file-system "$scratch"
else
    echo "bare: kept $scratch"
fi
exit "$bad"
