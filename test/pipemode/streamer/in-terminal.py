"""Runs a command in a new terminal: in-terminal.py WHEN TEXT [WHEN TEXT]... -- COMMAND...

Types each TEXT once WHEN has been printed after the previous one. Prints what the terminal showed; exits as COMMAND does.
"""

import codecs
import os
import pty
import sys

split = sys.argv.index("--")
steps = [codecs.decode(word, "unicode_escape").encode() for word in sys.argv[1:split]]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
shown, seen = b"", 0
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    shown += data
    while steps and shown.find(steps[0], seen) >= 0:
        seen = shown.find(steps[0], seen) + len(steps[0])
        os.write(terminal, steps[1])
        steps = steps[2:]
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
