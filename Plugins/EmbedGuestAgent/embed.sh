#!/bin/sh
# embed.sh CLANG SOURCES OUTPUT: compiles the guest agent for each architecture of a guest and
# writes the executables into one Swift file, as string literals (array literals compile slowly).
set -eu
clang=$1
sources=$2
output=$3
work=$(dirname "$output")

compile() {
    "$clang" --target="$1-linux-gnu" -std=c17 -Os -Wall -Wextra -Werror \
        -ffreestanding -fno-stack-protector -fno-pic -fno-pie -fno-asynchronous-unwind-tables \
        -fno-unwind-tables -fomit-frame-pointer -ffunction-sections -fdata-sections \
        -nostdlib -static -fuse-ld=lld \
        -Wl,--gc-sections -Wl,--build-id=none -Wl,-s -Wl,-z,noexecstack -Wl,-z,norelro \
        -o "$work/agent-$1" "$sources"/*.c
}

{
    echo '// Generated from Sources/GuestAgent.'
    echo 'enum EmbeddedGuestAgent {'
    for arch in x86_64 aarch64; do
        compile "$arch" >&2
        printf '    static let %s: StaticString = "' "$arch"
        base64 "$work/agent-$arch" | tr -d '\n'
        echo '"'
    done
    echo '}'
} >"$output.new"
mv "$output.new" "$output"
