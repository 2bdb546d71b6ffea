#!/usr/bin/env bash
# Write the three lock files with $UV. They name versions and hashes only: no index, no host, no path.
set -euo pipefail

unset UV_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS  # what this machine alone can see must not get in

compile() {
    "$UV" pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        ${UPGRADE:+--upgrade} pyproject.toml "$@"
}

compile --group dev --output-file requirements-dev.lock
# Constrained, so that what runs is what was tested.
compile --constraint requirements-dev.lock --output-file requirements.lock
compile --group test --resolution lowest-direct --output-file requirements-floor.lock
