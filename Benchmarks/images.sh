#!/bin/sh
# Prints how fast images are looked into and compressed, beside the usual tools, in pairs.
# usage: Benchmarks/images.sh [inspect | zstd]...   (default: both)
set -eu
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
qsh=${QSH:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# tree FOLDER MIB: files of this system, the same ones in each run, up to a size.
tree() {
    mkdir -p "$1"
    find /usr/lib /usr/bin /usr/share -xdev -type f -size -8M -printf '%s %p\n' | sort -k2 |
        awk -v limit="$2" '{ sum += $1; if (sum > limit * 1048576) exit; print $2 }' |
        xargs -d '\n' cp --parents -t "$1" 2>/dev/null || true
    # A file that changed a moment ago is looked at twice.
    find "$1" -exec touch -h -d 2020-01-01 {} +
}

inspect() {
    has zstd "inspect" && has cpio "inspect" || return 0
    # About 20 MB once it is compressed.
    tree "$work/root" 50
    printf '#!/bin/sh\n' >"$work/root/init"
    chmod 755 "$work/root/init"
    mkdir -p "$work/early/kernel/x86/microcode" "$work/root/bin"
    cp /bin/busybox "$work/root/bin/sh"
    head -c 262144 /dev/urandom >"$work/early/kernel/x86/microcode/GenuineIntel.bin"
    (cd "$work/early" && find . -mindepth 1 | sed 's|^\./||' | cpio -o -H newc --quiet) \
        >"$work/image"
    (cd "$work/root" && find . -mindepth 1 | sed 's|^\./||' | cpio -o -H newc --quiet) |
        zstd -q -9 -T0 >"$work/payload"
    cat "$work/payload" >>"$work/image"
    echo "inspect: an image of $(stat -c %s "$work/image") bytes," \
        "$("$qsh" inspect --list "$work/image" | wc -l) files"
    echo "zstd -dc '$work/payload' | bsdcpio -it --quiet" >"$work/peer.sh"
    for which in cpu wall; do
        for peer in lsinitramfs lsinitrd; do
            has "$peer" "inspect beside $peer" || continue
            pair "--$which" "inspect --list to $peer" 0.20 \
                "$qsh inspect --list $work/image" "$peer $work/image"
        done
        has bsdcpio "inspect beside bsdcpio" || continue
        pair "--$which" "inspect --list to zstd -dc | bsdcpio -it" 1.00 \
            "$qsh inspect --list $work/image" "sh $work/peer.sh"
    done
    rm -rf "${work:?}"/*
}

zstd_write() {
    has zstd "zstd" && has cpio "zstd" || return 0
    tree "$work/root" 200
    echo "cd '$work/root' && find . | cpio -o -H newc --quiet |" \
        "zstd -q -f -1 -T0 -o '$work/peer.img'" >"$work/peer.sh"
    for which in cpu wall; do
        pair -n 7 "--$which" "zstd level 1 of 200 MB to cpio | zstd -T0" 1.00 \
            "$qsh Benchmarks/recipes/zstd.lua $work/root $work/qsh.img" "sh $work/peer.sh"
    done
    awk -v a="$(stat -c %s "$work/qsh.img")" -v b="$(stat -c %s "$work/peer.img")" \
        'BEGIN { printf "zstd level 1 of 200 MB: size %.4f (target 1.02)\n", a / b }'
    rm -rf "${work:?}"/*
}

has python3 "every pair" || exit 69
if [ -z "$qsh" ]; then
    tools/release.sh qsh >"$work/build.log" 2>&1 || {
        cat "$work/build.log" >&2
        exit 125
    }
    qsh=$PWD/.build/release/qsh
fi
[ $# -gt 0 ] || set -- inspect zstd
for group in "$@"; do
    case $group in
        inspect) inspect ;;
        zstd) zstd_write ;;
        *) echo "usage: Benchmarks/images.sh [inspect | zstd]..." >&2; exit 2 ;;
    esac
done
