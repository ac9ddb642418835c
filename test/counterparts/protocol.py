"""Shared by the programs in this directory: how they list the records that they write or read.

A program that writes records makes files and beside each one FILE.json: {"file", "records": [{"length",
"sha256"}], ...}; it prints the name of each. A program that reads prints one JSON line for each file of a
directory:

    {"file", "records": [{"length", "sha256", ...}], "error": null | {"type", "message"}, "died": null | signal}

`records` are those that were handed out before the error. What is wrong with a file may kill whoever reads it. So each
is read by a child of its own, forked after the one import (`read_apart`); `died` then is the signal's name
("SIGSEGV"), and "TIMEOUT" where a file took longer than a minute. Files that are known to kill nobody are read
faster by `read_here`.
"""

import hashlib
import json
import os
import resource
import signal

# The same limit on every machine: longer records fail.
MEMORY_LIMIT = 32 << 30
SECONDS_LIMIT = 60


def listed(record, **more):
    return {"length": len(record), "sha256": hashlib.sha256(record).hexdigest(), **more}


def describe(path, records, **more):
    """Writes PATH.json with the records written to PATH, and prints the file name."""
    name = os.path.basename(path)
    with open(path + ".json", "w", encoding="utf-8") as file:
        json.dump({"file": name, "records": [listed(record) for record in records], **more}, file)
    print(name, flush=True)


def read_folder(folder, suffix, read, how=None):
    """Prints the result of `read(path)` for every file with the suffix. `read` yields `listed(record)`s."""
    for name in sorted(os.listdir(folder)):
        if name.endswith(suffix):
            messages, died = (how or read_apart)(os.path.join(folder, name), read)
            records = [message for message in messages if "error" not in message]
            error = next((message["error"] for message in messages if "error" in message), None)
            print(json.dumps({"file": name, "records": records, "error": error, "died": died}), flush=True)


def messages_of(path, read):
    """Sends a message for each record as soon as it is available, and one for the error."""
    try:
        yield from read(path)
    except Exception as error:
        yield {"error": {"type": type(error).__name__, "message": str(error)}}


def read_here(path, read):
    return list(messages_of(path, read)), None


def read_apart(path, read):
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        read_in_child(path, read, writable)
    os.close(writable)
    with open(readable, "rb") as lines:
        messages = [json.loads(line) for line in lines]
    _, status = os.waitpid(child, 0)
    return messages, cause_of_death(status)


def read_in_child(path, read, pipe):
    """Never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS_LIMIT)
    for message in messages_of(path, read):
        send(pipe, message)
    os._exit(0)


def send(pipe, message):
    data = (json.dumps(message) + "\n").encode()
    while data:
        data = data[os.write(pipe, data) :]


def cause_of_death(status):
    if not os.WIFSIGNALED(status):
        return None
    number = os.WTERMSIG(status)
    return "TIMEOUT" if number == signal.SIGALRM else signal.Signals(number).name
