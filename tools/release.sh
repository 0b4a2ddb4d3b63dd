#!/bin/sh
# Builds a product as it is shipped: `tools/release.sh PRODUCT [ARGUMENT...]`. The arguments go to
# `swift build`. The binary is .build/release/PRODUCT.
set -eu
cd "$(dirname "$0")/.."
product=$1
shift

# The Swift runtime asks for libstdc++ as a shared library, and loading it is a quarter of what a
# short run costs. In a folder of its own, first in the linker's list, only the archive is found.
archives=.build/archives
mkdir -p "$archives"
if archive=$(clang -print-file-name=libstdc++.a) && [ -f "$archive" ]; then
    ln -sf "$archive" "$archives/"
fi
# Symbols are half of the file; who wants them builds with `swift build -c release`.
# Foundation's mention of mktemp is not ours to mend.
{
    swift build -c release --static-swift-stdlib --product "$product" \
        -Xlinker -s -Xlinker "-L$PWD/$archives" "$@" 2>&1 || echo "failed: $?"
} | awk '/the use of `mktemp/ { next } /^failed: / { status = $2; next } { print; fflush() }
    END { exit status }' >&2
