"""Holds flock(2) on a file, as sagemaker_tensorflow takes it: says "held", and lets go when its input ends."""
import fcntl, os, sys

descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o666)
try:
    fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if "--try" in sys.argv else 0))
except BlockingIOError:
    print("busy", flush=True)
    sys.exit(0)
print("held", flush=True)
sys.stdin.read()
