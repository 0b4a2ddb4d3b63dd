#!/bin/sh
# embed.sh OUTPUT FILE...: writes the files' text as a Swift source file.
set -eu
output=$1
shift
{
    printf '/// The text of `scripts/meta`, file by file.\nlet embeddedReference: [String] = [\n'
    for file; do
        printf '###"""\n'
        cat "$file"
        printf '"""###,\n'
    done
    printf ']\n'
} >"$output.new"
mv "$output.new" "$output"
