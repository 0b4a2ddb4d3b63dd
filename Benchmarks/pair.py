#!/usr/bin/env python3
"""Runs two commands in turn, A B A B ..., and prints the ratio pair by pair.

usage: pair.py [-n RUNS] [--cold] [--cpu] [--wall] TITLE TARGET 'COMMAND A' 'COMMAND B'

The machine's speed drifts; the ratio of neighbours does not. One pair first is not counted, unless
nothing is kept from one run for the next: `--cold`.
"""
import argparse
import os
import shlex
import statistics
import subprocess
import time


def run(command):
    start = time.monotonic()
    child = subprocess.Popen(
        shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"error: `{command}` ended with status {status}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def shown(ratio):
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=11)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--cpu", dest="kinds", action="append_const", const=1)
    parser.add_argument("--wall", dest="kinds", action="append_const", const=0)
    parser.add_argument("title")
    parser.add_argument("target")
    parser.add_argument("a")
    parser.add_argument("b")
    options = parser.parse_args()
    spare = 0 if options.cold else 1
    pairs = [(run(options.a), run(options.b)) for _ in range(options.n + spare)][spare:]
    memory = max(pair[0][2] for pair in pairs) // 1024
    for which in options.kinds or [0]:
        a = statistics.median(pair[0][which] for pair in pairs)
        b = statistics.median(pair[1][which] for pair in pairs)
        ratios = sorted(pair[0][which] / max(pair[1][which], 1e-6) for pair in pairs)
        kind = "cpu" if which else "wall"
        print(
            f"{options.title}: {shown(statistics.median(ratios))} "
            f"(min {shown(ratios[0])}, max {shown(ratios[-1])}; {a * 1000:.1f} ms to {b * 1000:.1f} ms "
            f"{kind}, {memory} MB; target {options.target})", flush=True)


main()
