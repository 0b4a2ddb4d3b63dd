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

columns=100 rows=34
env -i PATH="$PATH" HOME="$work" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" \
    XDG_STATE_HOME="$work" TERM=screen-256color LANG=C.UTF-8 \
    $screen new-session -d -x $columns -y $rows "$qsh"
$screen set-option -g status off

# prompted WHAT: waits until the last line is the prompt.
prompted() {
    tries=0
    until $screen capture-pane -p | grep . | tail -n 1 | grep -q '^qsh> *$'; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || {
            echo "error: no prompt after $1:" >&2
            $screen capture-pane -p >&2
            exit 1
        }
        sleep 0.1
    done
}

# enter LINE: types the line and waits for the next prompt.
enter() {
    $screen send-keys -l "$1"
    $screen send-keys Enter
    sleep 0.1
    prompted "\`$1\`"
}

prompted "the start"
enter 'root = qsh.initramfs.new { busybox = true }:file("/etc/motd", "hello from the host\n")'
enter 'm = qsh.machine.boot { kernel = qsh.kernel.find(), initramfs = root, append = "quiet" }'
enter 'm.console:expect("[rootfs ]#").elapsed'
enter 'm'
enter 'm:succeed("cat /etc/motd; uname -sr").stdout'
enter 'm:execute { "cat", "/etc/shadow" }'
enter 'm:shutdwn()'
enter 'm:shutdown()'
$screen capture-pane -e -p >"$work/screen"
"$qsh" tools/picture/svg.lua "$work/screen" $columns >docs/pictures/session.svg
echo "wrote docs/pictures/session.svg"
