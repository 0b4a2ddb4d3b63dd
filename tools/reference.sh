#!/bin/sh
# Makes everything that comes from scripts/meta: the end of docs/lua-api.md, the manual pages,
# .luacheckrc. To be run after a change there, or of a command's help; a test holds the files to it.
#
#   tools/reference.sh [QSH]      (default: builds the debug binary and takes that)
set -eu
cd "$(dirname "$0")/.."
qsh=${1-}
[ -n "$qsh" ] || {
    swift build --product qsh >/dev/null
    qsh=.build/debug/qsh
}
marker='<!-- From here on made by tools/reference.sh from scripts/meta. -->'
document=docs/lua-api.md
{
    awk -v marker="$marker" '$0 == marker { exit } { print }' "$document"
    printf '%s\n\n' "$marker"
    "$qsh" reference markdown
} >"$document.new"
mv "$document.new" "$document"
mkdir -p docs/man
for page in qsh.1 qsh-lua.3; do
    "$qsh" reference "$page" >"docs/man/$page.new"
    mv "docs/man/$page.new" "docs/man/$page"
done
"$qsh" reference luacheck >.luacheckrc.new
mv .luacheckrc.new .luacheckrc
