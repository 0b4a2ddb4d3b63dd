"""pexpect, with its defaults but for the delay before each send, exchanging lines with a peer.

usage: exchange.py PEER COUNT; prints seconds, CPU seconds, exchanges.
"""
import os
import resource
import socket
import sys
import time

from pexpect.fdpexpect import fdspawn

near, far = socket.socketpair()
if os.fork() == 0:
    os.dup2(far.fileno(), 3, inheritable=True)
    os.execl(sys.argv[1], sys.argv[1], "1")
far.close()
child = fdspawn(near.fileno(), timeout=60)
child.delaybeforesend = None
count = int(sys.argv[2])
start = 0.0
for number in range(-1, count):
    if number == 0:
        start = time.monotonic()
    child.send(f"ask {number}\n")
    child.expect_exact(f"answer ask {number}\r\n".encode())
usage = resource.getrusage(resource.RUSAGE_SELF)
print(time.monotonic() - start, usage.ru_utime + usage.ru_stime, count)
