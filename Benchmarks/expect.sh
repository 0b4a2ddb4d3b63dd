#!/bin/sh
# Waits for a literal at the end of a stream through a pipe: qsh's console beside a minimal C
# reader, Tcl Expect and pexpect. Runs in pairs, prints the median ratio to the C reader.
# usage: Benchmarks/expect.sh [MEGABYTES [PAIRS]]
set -eu
cd "$(dirname "$0")/.."
megabytes=${1:-256} pairs=${2:-9}
needle='<<the-end>>'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -o "$work/generate" Benchmarks/expect/generate.c
cc -O2 -o "$work/reader" Benchmarks/expect/reader.c
tools/release.sh expect-benchmark >"$work/build.log" 2>&1 || {
    cat "$work/build.log" >&2
    exit 125
}
qsh=.build/release/expect-benchmark

# pair KIND MEGABYTES NAME COMMAND...: seconds of the reader and of COMMAND, in turns.
pair() {
    kind=$1 size=$2 name=$3
    shift 3
    for _ in $(seq "$pairs"); do
        echo "$("$work/generate" "$kind" "$size" "$needle" | "$work/reader" "$needle")" \
            "$("$work/generate" "$kind" "$size" "$needle" | "$@")"
    done | awk '{ print $4 / $1, $1, $4, $6 }' | sort -n | awk -v name="$name, $kind, $size MB" '
        { row[NR] = $0 }
        END {
            split(row[int((NR + 1) / 2)], best, " ")
            printf "%-28s %6.2f times the C reader (%.3f s, %.3f s), peak %d KiB\n",
                name, best[1], best[2], best[3], best[4]
        }'
}

pair lines "$megabytes" "qsh literal" "$qsh" "$needle"
pair crlf "$megabytes" "qsh literal" "$qsh" "$needle"
pair kernel "$((megabytes / 8))" "qsh literal" "$qsh" "$needle"
pair lines "$megabytes" "qsh, transcript on disk" "$qsh" --log "$work" "$needle"
pair lines "$megabytes" "qsh Lua pattern" "$qsh" --pattern '<<the%-(%a+)>>'
pair lines "$((megabytes / 10))" "qsh, a tenth of it" "$qsh" "$needle"

pairs=1
if command -v expect >/dev/null; then
    pair lines "$((megabytes / 8))" "Tcl Expect" sh -c 'expect "$@" 2>/dev/null || :' sh Benchmarks/expect/peer.tcl "$needle"
else
    echo "Tcl Expect: not installed"
fi
if python3 -c 'import pexpect' 2>/dev/null; then
    pair lines "$((megabytes / 8))" "pexpect" python3 Benchmarks/expect/peer.py "$needle"
else
    echo "pexpect: not installed"
fi
