#!/bin/sh
# Prints what building a kernel costs beside make, merge_config.sh and tuxmake, in pairs.
# A small kernel of Debian's source is built several times: a quarter of an hour on two processors.
# usage: Benchmarks/kernel.sh [null | configure | full]...   (default: all)
set -eu
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
qsh=${QSH:-}
# make splits a path at a blank; the folder of the build must not have one.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

recipe() { echo "$qsh --quiet $PWD/Benchmarks/recipes/kernel.lua $*"; }
# made FOLDER TARGET...: make as a user types it.
made() { folder=$1 && shift && echo "make -C $tree O=$folder -j$(nproc) $*"; }

# A build folder in which make has nothing to do.
null() {
    mkdir -p "$work/null"
    cp "$config" "$work/null/.config"
    $(made "$work/null" olddefconfig bzImage) >"$work/make.log" 2>&1
    # The first one puts it into the cache, with the configuration that make has completed.
    "$qsh" --quiet -e "qsh.kernel.open('$tree'):build { out = '$work/null' }" >/dev/null
    for which in cpu wall; do
        pair -n 7 "--$which" "nothing changed, to make" 0.04 \
            "$(recipe null "$work")" "$(made "$work/null" bzImage)"
    done
    has tuxmake "nothing changed beside tuxmake" || return 0
    tuxmake="tuxmake -C $tree -b $work/tux -o $work/tux-out -r null -k $config kernel"
    $tuxmake >"$work/tuxmake.log" 2>&1
    pair -n 3 --cpu "nothing changed, to tuxmake" 0.04 "$(recipe null "$work")" "$tuxmake"
}

configure() {
    mkdir -p "$work/merged"
    echo "cd $work/merged && $tree/scripts/kconfig/merge_config.sh -m -O $work/merged" \
        "$work/base $work/fragment && $(made "$work/merged" olddefconfig)" >"$work/merge.sh"
    for which in cpu wall; do
        pair -n 5 "--$which" "50 symbols and their check, to merge_config.sh and olddefconfig" 1.2 \
            "$(recipe configure "$work")" "sh $work/merge.sh"
    done
}

full() {
    echo "rm -rf $work/made && mkdir $work/made && cp $config $work/made/.config &&" \
        "$(made "$work/made" olddefconfig bzImage modules)" >"$work/full.sh"
    for which in cpu wall; do
        pair -n "${FULL_PAIRS:-1}" "--$which" "a full small build, to make -j$(nproc)" 1.02 \
            "$(recipe full "$work" "$config")" "sh $work/full.sh"
    done
}

for program in python3 make gcc flex bison bc; do has "$program" "every pair" || exit 69; done
if [ -z "$qsh" ]; then
    tools/release.sh qsh >"$work/build.log" 2>&1 || {
        cat "$work/build.log" >&2
        exit 125
    }
    qsh=$PWD/.build/release/qsh
fi
"$qsh" Benchmarks/recipes/kernel.lua prepare "$work"
tree=$(sed -n 's/^tree=//p' "$work/facts")
config=$(sed -n 's/^config=//p' "$work/facts")
[ $# -gt 0 ] || set -- null configure full
for group in "$@"; do
    case $group in
    null | configure | full) $group ;;
    *)
        echo "usage: Benchmarks/kernel.sh [null | configure | full]..." >&2
        exit 2
        ;;
    esac
done
