#!/bin/sh
# embed.sh CLANG SOURCES OUTPUT: compiles the guest agent for each architecture of a guest and
# writes the executables into one Swift file, as string literals (array literals compile slowly).
#
# A toolchain without a target, or without its linker, leaves that agent out: qsh then talks to
# such a guest over its console. Those that a host may have must compile.
set -eu
clang=$1
sources=$2
output=$3
work=$(dirname "$output")

# compile NAME TARGET FLAG...: names are those of the table of architectures.
compile() {
    name=$1 target=$2
    shift 2
    "$clang" --target="$target" -std=c17 -Os -Wall -Wextra -Werror \
        -ffreestanding -fno-stack-protector -fno-pic -fno-pie -fno-asynchronous-unwind-tables \
        -fno-unwind-tables -fomit-frame-pointer -ffunction-sections -fdata-sections \
        -nostdlib -static -fuse-ld=lld -Wl,-e,_start \
        -Wl,--gc-sections -Wl,--build-id=none -Wl,-s -Wl,-z,noexecstack -Wl,-z,norelro \
        "$@" -o "$work/agent-$name" "$sources"/*.c
}

embed() {
    rm -f "$work/agent-$1"
    if ! compile "$@" 2>"$work/errors" >&2; then
        cat "$work/errors" >&2
        case $1 in
        x86_64 | arm64) return 1 ;;
        *) echo "warning: no guest agent for $1: commands will go over the console" >&2 ;;
        esac
    fi
    printf '        "%s": "' "$1"
    [ ! -f "$work/agent-$1" ] || base64 "$work/agent-$1" | tr -d '\n'
    echo '",'
}

{
    echo '// Generated from Sources/GuestAgent.'
    echo 'enum EmbeddedGuestAgent {'
    echo '    static let executables: [String: StaticString] = ['
    embed x86_64 x86_64-linux-gnu
    embed i386 i386-linux-gnu -march=i686
    embed arm64 aarch64-linux-gnu
    embed armhf armv7-linux-gnueabihf -marm
    embed riscv64 riscv64-linux-gnu -mno-relax
    embed ppc64el powerpc64le-linux-gnu
    embed s390x s390x-linux-gnu
    embed mips64el mips64el-linux-gnuabi64 -mno-abicalls -G0
    embed mipsel mipsel-linux-gnu -mno-abicalls -G0
    echo '    ]'
    echo '}'
} >"$output.new"
mv "$output.new" "$output"
