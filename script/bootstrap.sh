# Sourced by the other scripts, from the root of the checkout: sees to it that .venv holds exactly
# what the lock files say. Written for POSIX sh, because sh and python3 are there on a fresh machine.
#
# ensure_venv run|dev
#   .venv is a link to .venv-DIGEST. The folder is filled first, stamped last and linked after that,
#   so that a set-up which was cut short is never taken for a finished one.

say() { printf 'tojimari: %s\n' "$*" >&2; }

die() {
    say "$1"
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 2
}

# Of what is installed: the lock file, and of pyproject.toml what comes before the tools' settings.
digest_of() { sed '/^\[tool\.pytest/,$d' pyproject.toml | cat lock/"$1".txt - | cksum | tr ' ' '-'; }

find_python() {
    for python in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$python" ] && command -v "$python" >/dev/null 2>&1 || continue
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    die "no Python 3.11 or newer was found" "install it, or name it: PYTHON=/path/to/python3 $0"
}

# An empty environment with pip in it, in the folder $2, by the Python $1.
make_venv() {
    "$1" -m venv "$2" >/dev/null 2>&1 && return
    rm -rf "$2"
    # Debian ships venv without ensurepip; a pip of the system's can fill an environment too.
    if "$1" -m pip --version >/dev/null 2>&1 && "$1" -m venv --without-pip "$2" 2>/dev/null &&
        "$1" -m pip --python "$2/bin/python" install --quiet pip 2>/dev/null; then
        return
    fi
    rm -rf "$2"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing python3-venv, which Debian keeps apart from python3"
        install_packages python3-venv
        "$1" -m venv "$2" && return
    fi
    die "this Python cannot make virtual environments" "sudo apt-get install -y python3-venv"
}

# As root on Debian: the named packages, without their daemons being started.
install_packages() {
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    { apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
        { apt-get -qq update >/dev/null && apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" >/dev/null; }; } ||
        die "apt-get could not install: $*" "apt-get update && apt-get install -y $*"
}

ensure_venv() {
    wanted=.venv-$1-$(digest_of "$1")
    # The larger environment serves the smaller need.
    if [ "$1" = run ] && [ -e .venv/stamp-dev ] && [ ".venv-dev-$(digest_of dev)" = "$(readlink .venv)" ]; then
        ensure_translations
        return
    fi
    if [ -e "$wanted/stamp-$1" ]; then
        [ "$(readlink .venv 2>/dev/null)" = "$wanted" ] || ln -sfn "$wanted" .venv
        ensure_translations
        return
    fi
    say "setting up $wanted (once)"
    rm -rf "$wanted"
    python=$(find_python) || exit 2
    # The lock names everything, dependencies of dependencies too. Left to look for those itself, pip
    # prefers a release newer than the locked one where it is asked for with an extra, and gives up.
    if command -v uv >/dev/null 2>&1; then
        UV_SYSTEM_CERTS=1 uv venv --quiet --python "$python" "$wanted" &&
            UV_SYSTEM_CERTS=1 uv pip install --quiet --python "$wanted/bin/python" --no-deps --require-hashes -r "lock/$1.txt" &&
            UV_SYSTEM_CERTS=1 uv pip install --quiet --python "$wanted/bin/python" --no-deps --no-build-isolation --editable . ||
            die "uv could not install what lock/$1.txt names" "see the lines above; without uv: remove it from PATH"
    else
        make_venv "$python" "$wanted"
        "$wanted/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes -r "lock/$1.txt" &&
            "$wanted/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ||
            die "pip could not install what lock/$1.txt names" "see the lines above; is a package index reachable?"
    fi
    : >"$wanted/stamp-$1"
    [ -L .venv ] || rm -rf .venv
    ln -sfn "$wanted" .venv
    for old in .venv-"$1"-*; do
        [ "$old" = "$wanted" ] || rm -rf "$old"
    done
}

# Installing has compiled the translations; do it again where one was changed since.
ensure_translations() {
    for mo in src/tojimari/locale/*/LC_MESSAGES/tojimari.mo; do
        for po in "${mo%/LC_MESSAGES/*}"/*.po; do
            if [ "$po" -nt "$mo" ] || [ ! -e "$mo" ]; then
                .venv/bin/python script/build_hook.py >/dev/null
                return
            fi
        done
    done
}
