#!/bin/sh
# Holds the source to the rules that a compiler does not check. Silent where all holds.
set -eu
cd "$(dirname "$0")/.."
failed=0

# refuse WHY PATTERN PATH...: reports each line that matches.
refuse() {
    why=$1 pattern=$2
    shift 2
    found=$(grep -rnE "$pattern" "$@" 2>/dev/null) || return 0
    printf '%s\n' "$found" | sed "s|^|check: $why: |" >&2
    failed=1
}

swift_files=$(find Sources Tests Plugins -name '*.swift')
source_files=$(find Sources Tests Plugins scripts -name '*.swift' -o -name '*.c' -o -name '*.h' \
    -o -name '*.lua')

refuse 'the runtime knows no Lua' '^import (CLua|LuaBridge)' Sources/Runtime
refuse 'API files call no lua_*' '\b(lua|luaL|ql)_[a-z]+' Sources/LuaBridge/API
refuse 'only Sources/qsh prints or exits' '(^|[^.a-zA-Z])(print|exit|fputs)\(' \
    Sources/Runtime Sources/LuaBridge --include='*.swift'
# shellcheck disable=SC2046 # a list of files
refuse 'QEMU flags are spelt in Machine/QEMUArguments' '"-(kernel|initrd|append|smp|serial)"' \
    $(find Sources -name '*.swift' ! -name 'QEMUArguments*.swift' ! -name 'ReservedArguments.swift')
# shellcheck disable=SC2046
refuse 'the cpio magic is spelt in CpioHeader' '"07070[17]' \
    $(find Sources -name '*.swift' ! -name 'CpioHeader.swift')
# shellcheck disable=SC2086
refuse 'no notes to self' '\b(TODO|FIXME|XXX)\b' $source_files
refuse 'no force' '(\btry!|\bas! )' Sources --include='*.swift'
refuse 'Foundation proper is 58 MB' '^(public |internal |private )?import Foundation$' Sources Tests \
    --include='*.swift'

for file in $source_files; do
    lines=$(wc -l <"$file")
    # The stub is data: one entry for each name of the API.
    case $file in Tests/*) limit=500 ;; scripts/meta/*) limit=2000 ;; *) limit=400 ;; esac
    [ "$lines" -le "$limit" ] || {
        echo "check: $file has $lines lines, more than $limit" >&2
        failed=1
    }
    # An annotation of the stub ends with its line.
    awk -v file="$file" 'length($0) > 100 && $0 !~ /https?:|^---@/ {
        printf "check: %s:%d is longer than 100 columns\n", file, NR > "/dev/stderr"; bad = 1
    } END { exit bad }' "$file" || failed=1
done

for file in $swift_files; do
    [ "$(tail -c 1 "$file" | od -An -c | tr -d ' ')" = '\n' ] || {
        echo "check: $file does not end in a newline" >&2
        failed=1
    }
done

if command -v luacheck >/dev/null; then
    # shellcheck disable=SC2046 # a list of files
    report=$(luacheck --quiet --no-color $(find scripts -name '*.lua')) || {
        printf '%s\n' "$report" >&2
        failed=1
    }
else
    echo 'check: luacheck is not installed: the recipes are not checked' >&2
fi
swift format lint --strict -r Sources Tests Plugins Benchmarks Package.swift || failed=1
exit $failed
