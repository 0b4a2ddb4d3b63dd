#!/bin/sh
# Prints what building a kernel costs beside make, merge_config.sh and tuxmake, in pairs.
# A small kernel of Debian's source is built three times: half an hour on two processors.
# usage: Benchmarks/kernel.sh [full | null | tuxmake | configure]...   (default: all)
set -eu
cd "$(dirname "$0")/.."
. Benchmarks/peers.sh
qsh=${QSH:-}
# make splits a path at a blank; the folder of the build must not have one.
work=${KERNEL_WORK:-}
[ -n "$work" ] || {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

recipe() { echo "$qsh --quiet $PWD/Benchmarks/recipes/kernel.lua $*"; }
# made FOLDER TARGET...: make as a user types it.
made() { folder=$1 && shift && echo "make -C $tree O=$folder -j$(nproc) $*"; }

full() {
    echo "rm -rf $work/made && mkdir $work/made && cp $config $work/made/.config &&" \
        "$(made "$work/made" olddefconfig bzImage)" >"$work/full.sh"
    pair -n "${FULL_PAIRS:-1}" --cold --cpu --wall "a full small build, to make -j$(nproc)" 1.02 \
        "$(recipe full "$work" "$config")" "sh $work/full.sh"
}

# A build folder in which make has nothing to do, and the cache's entry for it.
ready() {
    mkdir -p "$work/made"
    [ -f "$work/made/.config" ] || cp "$config" "$work/made/.config"
    "$qsh" --quiet -e "qsh.kernel.open('$tree'):build { out = '$work/made' }" >/dev/null
}

null() {
    ready
    pair -n 7 --cpu --wall "nothing changed, to make" 0.04 \
        "$(recipe null "$work")" "$(made "$work/made" bzImage)"
}

beside_tuxmake() {
    has tuxmake "nothing changed beside tuxmake" || return 0
    ready
    # It takes a configuration only where the folder has none.
    pair -n 3 --cpu --wall "nothing changed, to tuxmake" 0.04 "$(recipe null "$work")" \
        "tuxmake -C $tree -b $work/tux -o $work/tux-out -r null -k $config kernel"
}

configure() {
    mkdir -p "$work/merged"
    echo "cd $work/merged && $tree/scripts/kconfig/merge_config.sh -m -O $work/merged" \
        "$work/base $work/fragment && $(made "$work/merged" olddefconfig)" >"$work/merge.sh"
    pair -n 5 --cpu --wall "50 symbols and their check, to merge_config.sh and olddefconfig" 1.2 \
        "$(recipe configure "$work")" "sh $work/merge.sh"
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
[ $# -gt 0 ] || set -- full null tuxmake configure
for group in "$@"; do
    case $group in
    full | null | configure) $group ;;
    tuxmake) beside_tuxmake ;;
    *)
        echo "usage: Benchmarks/kernel.sh [full | null | tuxmake | configure]..." >&2
        exit 2
        ;;
    esac
done
