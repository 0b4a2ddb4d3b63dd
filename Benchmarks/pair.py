#!/usr/bin/env python3
"""Runs two commands in turn, A B A B ..., and prints the ratio pair by pair.

usage: pair.py [-n RUNS] [--cpu | --wall] TITLE TARGET 'COMMAND A' 'COMMAND B'

The machine's speed drifts; the ratio of neighbours does not. One pair first is not counted.
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=11)
    parser.add_argument("--cpu", dest="which", action="store_const", const=1, default=0)
    parser.add_argument("--wall", dest="which", action="store_const", const=0)
    parser.add_argument("title")
    parser.add_argument("target")
    parser.add_argument("a")
    parser.add_argument("b")
    options = parser.parse_args()
    pairs = [(run(options.a), run(options.b)) for _ in range(options.n + 1)][1:]
    a = statistics.median(pair[0][options.which] for pair in pairs)
    b = statistics.median(pair[1][options.which] for pair in pairs)
    ratios = sorted(pair[0][options.which] / max(pair[1][options.which], 1e-6) for pair in pairs)
    kind = "cpu" if options.which else "wall"
    memory = max(pair[0][2] for pair in pairs) // 1024
    print(
        f"{options.title}: {statistics.median(ratios):.2f} "
        f"(min {ratios[0]:.2f}, max {ratios[-1]:.2f}; {a * 1000:.1f} ms to {b * 1000:.1f} ms "
        f"{kind}, {memory} MB; target {options.target})", flush=True)


main()
