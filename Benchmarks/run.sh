#!/bin/sh
# Prints every figure of qsh's speed beside a peer's, measured in pairs, as ratios. Installs
# nothing; a peer that is missing is named and skipped.
# usage: Benchmarks/run.sh [FIGURE]...   (default: all but kernel, a quarter of an hour)
# FIGURE: startup, prompt, bridge, boot, guest, snapshot, cpio, expect, images, mkinitramfs, kernel
set -eu
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

startup() {
    has lua5.4 "start-up beside plain Lua" || return 0
    pair -n 41 --cpu "qsh -e '' to lua5.4 -e ''" 4 "$qsh -e ''" "lua5.4 -e ''"
}

prompt() {
    has qemu-system-x86_64 "the prompt beside a flood" || return 0
    python3 Benchmarks/prompt.py "$qsh"
}

bridge() {
    has lua5.4 "calls beside plain Lua" || return 0
    # Two shares of one run, so that both see the same machine.
    .build/release/bridge-benchmark >"$work/bridge"
    cat "$work/bridge"
    awk '/^in / { side = $2 }
        { figure = $NF; name = $0; sub(/ +[^ ]+$/, "", name); value[side, name] = figure }
        END {
            printf "call without arguments to a C function: %.2f (target 4)\n",
                value["qsh", "Swift, no arguments"] / value["lua5.4", "C function"]
            printf "raised and caught error: %.2f us (target 2)\n",
                value["qsh", "Swift error, pcall"] / 1000
        }' "$work/bridge"
}

boot() {
    has qemu-system-x86_64 "boot to the prompt" || return 0
    has cc "boot to the prompt" || return 0
    cc -O2 -o "$work/reader" Benchmarks/boot/reader.c
    "$qsh" --quiet Benchmarks/recipes/boot.lua prepare "$work"
    line=$(cat "$work/command")
    for which in cpu wall; do
        pair -n "${BOOT_PAIRS:-11}" "--$which" "boot to the prompt to the C reader's" 1.03 \
            "$qsh --quiet Benchmarks/recipes/boot.lua run $work" "$work/reader $line"
    done
}

guest() {
    has qemu-system-x86_64 "commands and files" || return 0
    "$qsh" --quiet Benchmarks/recipes/guest.lua
}

snapshot() {
    has qemu-system-x86_64 "snapshots" || return 0
    "$qsh" --quiet Benchmarks/recipes/snapshot.lua
}

# archive NAME: the folder NAME as an image, beside busybox.
archive() {
    # Each writes a new file. To truncate an old one gives its warm pages to the writer, but leaves
    # half an image where the writer fails.
    echo "rm -f '$work/peer.img'
        cd '$work/$1' && find . | busybox cpio -o -H newc >'$work/peer.img' 2>/dev/null" \
        >"$work/peer.sh"
    echo "rm -f '$work/qsh.img'
        exec '$qsh' Benchmarks/recipes/cpio.lua '$work/$1' '$work/qsh.img'" >"$work/own.sh"
    for which in cpu wall; do
        pair -n "$2" "--$which" "cpio of $1 to busybox" 1.10 "sh $work/own.sh" "sh $work/peer.sh"
    done
    rm -rf "${work:?}/$1" "$work"/*.img
}

cpio() {
    has busybox "cpio" || return 0
    mkdir "$work/20000-small-files" "$work/10-files-of-200-MB"
    # Not one size: headers, names and padding are what costs here.
    (cd "$work/20000-small-files" && awk 'BEGIN {
        for (i = 0; i < 20000; i++) {
            name = "file-" i
            for (line = 0; line < i % 64; line++) print "a line of a small file", i >name
            printf "" >name
            close(name)
        } }')
    # A file that changed a moment ago is looked at twice.
    find "$work/20000-small-files" -exec touch -d 2020-01-01 {} +
    archive 20000-small-files 11
    if [ "$(df -Pk "$work" | awk 'NR == 2 { print int($4 / 1048576) }')" -lt 7 ]; then
        echo "skipped: cpio of 10 files of 200 MB: less than 7 GB free in $work"
        return
    fi
    for number in 0 1 2 3 4 5 6 7 8 9; do
        head -c 209715200 /dev/urandom >"$work/10-files-of-200-MB/$number"
    done
    archive 10-files-of-200-MB 3
}

expect() { sh Benchmarks/expect.sh; }
kernel() { QSH=$qsh sh Benchmarks/kernel.sh; }

images() { QSH=$qsh sh Benchmarks/images.sh; }

mkinitramfs() {
    if [ "$(id -u)" != 0 ]; then
        echo "skipped: mkinitramfs: the peers read /boot, so it needs root and a mount namespace"
        return
    fi
    image=$("$qsh" -e 'print(qsh.kernel.find().image)')
    sh Benchmarks/mkinitramfs.sh "${image%/boot/*}" "$qsh"
}

has python3 "every pair" || exit 69
[ $# -gt 0 ] || set -- startup prompt bridge boot guest snapshot cpio expect images mkinitramfs
echo "building release"
for product in qsh bridge-benchmark; do
    tools/release.sh "$product" >"$work/build.log" 2>&1 || {
        cat "$work/build.log" >&2
        exit 125
    }
done
qsh=$PWD/.build/release/qsh
date -u '+%Y-%m-%d'
echo "$(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg)"
for figure in "$@"; do
    case $figure in
    startup | prompt | bridge | boot | guest | snapshot | cpio | expect | images | mkinitramfs | \
        kernel)
        echo "== $figure"
        $figure
        ;;
    *)
        echo "error: no figure \`$figure\`: expected startup, prompt, bridge, boot, guest," \
            "snapshot, cpio, expect, images, mkinitramfs or kernel" >&2
        exit 2
        ;;
    esac
done
