#!/usr/bin/env bash
# Make the virtual environment $1 with $PYTHON, unless a usable one is there.
set -euo pipefail

venv=$1
python=${PYTHON:-python3}
supported='import sys; sys.exit(sys.version_info < (3, 11))'

fail() {
    printf 'error: %s\n' "$@" >&2
    exit 1
}

# A moved checkout or an upgraded Python leaves an environment whose interpreter no longer starts.
if "$venv/bin/python" -c "$supported" 2>/dev/null && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    exit 0
fi

command -v "$python" >/dev/null || fail "there is no '$python' here: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"
"$python" -c "$supported" || fail \
    "Python 3.11 or newer is needed, and '$python' is $("$python" --version 2>&1)" \
    "name another one: make PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
    "'$python' cannot make virtual environments: its venv or ensurepip module is missing" \
    "on Debian and Ubuntu: apt-get install python3-venv"
"$python" -m venv --clear "$venv"
