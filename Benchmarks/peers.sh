# For the scripts beside it, which read it with `.`: measuring beside a peer, where there is one.

# has PROGRAM WHAT: says aloud what is left out where the program is missing.
has() {
    command -v "$1" >/dev/null && return
    echo "skipped: $2: \`$1\` is not installed"
    return 1
}

pair() { python3 Benchmarks/pair.py "$@"; }
