"""pexpect, with its defaults, waiting for a literal on its standard input."""
import resource
import sys
import time

from pexpect.fdpexpect import fdspawn

start = time.monotonic()
child = fdspawn(0, timeout=None)
child.expect_exact(sys.argv[1].encode())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(time.monotonic() - start, 0, peak)
