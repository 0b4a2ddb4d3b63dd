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
for program in generate reader echo exchange plug; do
    cc -O2 -o "$work/$program" "Benchmarks/expect/$program.c"
done
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

# sockets SIZE NAME COMMAND...: as `pair`, over a socket, which is what QEMU's serial port is.
sockets() {
    size=$1 name=$2
    shift 2
    for _ in $(seq "$pairs"); do
        echo "$("$work/plug" "$work/generate" lines "$size" "$needle" -- "$work/reader" "$needle")" \
            "$("$work/plug" "$work/generate" lines "$size" "$needle" -- "$@")"
    done | awk '{ print $4 / $1, $1, $4, $6 }' | sort -n | awk -v name="$name, socket, $size MB" '
        { row[NR] = $0 }
        END {
            split(row[int((NR + 1) / 2)], best, " ")
            printf "%-28s %6.2f times the C reader (%.3f s, %.3f s), peak %d KiB\n",
                name, best[1], best[2], best[3], best[4]
        }'
}
sockets "$megabytes" "qsh literal" "$qsh" "$needle"
sockets "$megabytes" "qsh Lua pattern" "$qsh" --pattern '<<the%-(%a+)>>'

# exchanges COUNT NAME COMMAND...: send-to-match round trips, beside the C client.
exchanges() {
    count=$1 name=$2
    shift 2
    for _ in $(seq "$pairs"); do
        echo "$("$work/exchange" "$work/echo" "$count") $("$@")"
    done | awk '{ print ($4 / $6) / ($1 / $3), $1 / $3, $4 / $6 }' | sort -n |
        awk -v name="$name" '
        { row[NR] = $0 }
        END {
            split(row[int((NR + 1) / 2)], best, " ")
            printf "%-28s %6.2f times the C client (%.1f us, %.1f us a round trip; target 2)\n",
                name, best[1], best[2] * 1e6, best[3] * 1e6
        }'
}
exchanges 5000 "qsh, echo peer" "$qsh" --exchange "$work/echo" 5000 1

for _ in $(seq "$pairs"); do
    echo "$("$qsh" --exchange "$work/echo" 20000 1) $("$qsh" --exchange "$work/echo" 100 200)"
done | awk '{ print ($5 / $6) / ($2 / $3), $2 / $3, $5 / $6 }' | sort -n | awk '
    { row[NR] = $0 }
    END {
        split(row[int((NR + 1) / 2)], best, " ")
        printf "200 consoles, 100 exchanges  %6.2f times the CPU of one (%.1f us, %.1f us; target 2)\n",
            best[1], best[2] * 1e6, best[3] * 1e6
    }'

pairs=1
if command -v expect >/dev/null; then
    pair lines "$((megabytes / 8))" "Tcl Expect" sh -c 'expect "$@" 2>/dev/null || :' sh Benchmarks/expect/peer.tcl "$needle"
    exchanges 2000 "Tcl Expect, echo peer" expect Benchmarks/expect/exchange.tcl "$work/echo" 2000
else
    echo "Tcl Expect: not installed"
fi
if python3 -c 'import pexpect' 2>/dev/null; then
    pair lines "$((megabytes / 8))" "pexpect" python3 Benchmarks/expect/peer.py "$needle"
    exchanges 2000 "pexpect, echo peer" python3 Benchmarks/expect/exchange.py "$work/echo" 2000
else
    echo "pexpect: not installed"
fi
