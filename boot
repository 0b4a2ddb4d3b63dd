#!/bin/sh
# Builds qsh and boots a real kernel to its prompt, here in this terminal.
# Arguments go to the recipe: ./boot --memory 1G, ./boot --command "uname -a"
# QSH_BINARY=FILE runs that qsh and builds nothing.
set -eu
cd "$(dirname "$0")"
. tools/packages.sh

if [ -n "${QSH_BINARY:-}" ]; then
    # shellcheck disable=SC2086 # a list of words
    require_packages $boot_packages
    exec "$QSH_BINARY" scripts/boot.lua "$@"
fi
# shellcheck disable=SC2086 # lists of words
require_packages $build_packages $boot_packages
require_swift
quiet=--quiet
if [ ! -x .build/release/qsh ]; then
    say "building, which takes some minutes the first time"
    quiet=
fi
# shellcheck disable=SC2086 # nothing or one word
tools/release.sh qsh $quiet
exec .build/release/qsh scripts/boot.lua "$@"
