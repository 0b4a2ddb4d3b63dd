#!/bin/sh
# Makes docs/pictures/session.svg from a real session in tmux: tools/picture/session.sh
# usage: session.sh [QSH-BINARY]
set -eu
cd "$(dirname "$0")/../.."
qsh=${1:-$PWD/.build/release/qsh}
work=$(mktemp -d)
screen="tmux -L qsh-picture-$$ -f /dev/null"
trap '$screen kill-server 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

columns=100 rows=28
env -i PATH="$PATH" HOME="$work" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" \
    XDG_STATE_HOME="$work" TERM=screen-256color LANG=C.UTF-8 \
    $screen new-session -d -x $columns -y $rows "$qsh"
$screen set-option -g status off

# enter LINE PATTERN: types the line and waits until the last lines of the screen match.
enter() {
    $screen send-keys -l "$1"
    $screen send-keys Enter
    tries=0
    until $screen capture-pane -p | grep . | tail -n 1 | grep -q "$2"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || {
            echo "error: the screen never showed \`$2\` after \`$1\`:" >&2
            $screen capture-pane -p >&2
            exit 1
        }
        sleep 0.1
    done
}

prompt='^qsh> *$'
enter 'root = qsh.initramfs.new { busybox = true }' "$prompt"
enter 'm = qsh.machine.boot { kernel = qsh.kernel.find(), initramfs = root, name = "demo" }' "$prompt"
enter 'm.console:expect("[rootfs ]#").elapsed' "$prompt"
enter 'm:succeed("uname -sr").stdout' "$prompt"
enter 'm:execute { "cat", "/etc/shadow" }' "$prompt"
enter 'm:shutdwn()' "$prompt"
enter 'm:shutdown()' "$prompt"
$screen capture-pane -e -p >"$work/screen"
"$qsh" tools/picture/svg.lua "$work/screen" $columns >docs/pictures/session.svg
echo "wrote docs/pictures/session.svg"
