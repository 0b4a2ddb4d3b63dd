#!/usr/bin/env python3
"""Times the prompt in a pseudo terminal: start to prompt, and a key's echo, also under a flood.

usage: prompt.py QSH [RUNS]   (at most 26)

Prints medians in milliseconds, the least in brackets. The flood is a guest that runs `yes` on its
console; its kernel and QEMU are those of `qsh.machine.boot`.
"""
import os
import pty
import re
import select
import signal
import statistics
import sys
import time

LIMIT = 120
ESCAPES = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\a]*\a|[=>]|\[[0-?]*$|$)")
# In no line of the flood, and each only once in what is typed, since a line is drawn anew at will.
KEYS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Prompt:
    def __init__(self, qsh):
        self.start = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", NO_COLOR="1")
            os.execv(qsh, [qsh, "-q"])

    def shows(self, text, limit=LIMIT):
        """Reads until the text has come; returns the time at which it had."""
        seen = b""
        deadline = time.monotonic() + limit
        while text not in ESCAPES.sub(b"", seen):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
                raise SystemExit(f"error: no {text!r} in {limit} s, but {seen[-500:]!r}")
            seen = seen[-65536:] + os.read(self.terminal, 65536)
        return time.monotonic()

    def type(self, text):
        os.write(self.terminal, text)

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def start_to_prompt(qsh):
    prompt = Prompt(qsh)
    took = prompt.shows(b"qsh> ") - prompt.start
    prompt.close()
    return took


def echoes(prompt, runs):
    """Types keys that nothing else prints, one after the echo of the other."""
    times = []
    for code in KEYS[:runs]:
        key = bytes([code])
        start = time.monotonic()
        prompt.type(key)
        times.append(prompt.shows(key) - start)
        time.sleep(0.02)
    return times


def show(title, target, times):
    times = [1000 * one for one in times]
    print(f"{title}: {statistics.median(times):.1f} ms (least {min(times):.1f}, "
          f"greatest {max(times):.1f}; target {target})", flush=True)


def main():
    qsh = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 21
    show("start to prompt", 30, [start_to_prompt(qsh) for _ in range(runs + 1)][1:])
    prompt = Prompt(qsh)
    prompt.shows(b"qsh> ")
    show("echo of a key", 5, echoes(prompt, runs))
    prompt.type(b"\x15m = qsh.machine.boot { kernel = qsh.kernel.find(), "
                b"initramfs = qsh.initramfs.new { busybox = true } } "
                b"m.console:expect('rootfs ]#') m.console:sendline('yes flood') "
                b"m.console:expect(' flood') print('it' .. 'flows')\r")
    prompt.shows(b"itflows")
    prompt.shows(b"qsh> ")
    prompt.shows(b"machine| flood")
    time.sleep(1)
    show("echo of a key while a guest floods its console", 5, echoes(prompt, runs))
    prompt.close()


main()
