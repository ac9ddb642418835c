"""Reads TFRecord files with TensorFlow, so that the tests can compare what it makes of each.

    tensorflow_read.py DIR

Takes every *.tfrecord in DIR (NAME.gz.tfrecord as GZIP, NAME.zlib.tfrecord as ZLIB), in the order of their
names, and prints one JSON line for each:

    {"file", "records": [{"length", "sha256"}], "error": null | {"type", "message"}, "died": null | signal}

`records` are those that were handed out before the error. An absurd length kills TensorFlow, so each file
is read by a child of its own, forked after the one import; `died` then is the signal's name ("SIGSEGV"),
and "TIMEOUT" where a file took longer than a minute.
"""

import hashlib
import json
import os
import resource
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

# The same on every machine: a record longer than this cannot be had.
MEMORY_LIMIT = 32 << 30
SECONDS_LIMIT = 60


def compression_of(name):
    for suffix, compression in ((".gz.tfrecord", "GZIP"), (".zlib.tfrecord", "ZLIB")):
        if name.endswith(suffix):
            return compression
    return ""


def read_in_child(path, pipe):
    """Sends a line per record as soon as it is there, and one for the error; never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(SECONDS_LIMIT)
    options = tf.io.TFRecordOptions(compression_type=compression_of(path))
    try:
        for record in tf.compat.v1.io.tf_record_iterator(path, options):
            send(pipe, {"length": len(record), "sha256": hashlib.sha256(record).hexdigest()})
    except Exception as error:
        send(pipe, {"error": {"type": type(error).__name__, "message": str(error)}})
    os._exit(0)


def send(pipe, message):
    os.write(pipe, (json.dumps(message) + "\n").encode())


def read(path):
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        read_in_child(path, writable)
    os.close(writable)
    with open(readable, "rb") as lines:
        messages = [json.loads(line) for line in lines]
    _, status = os.waitpid(child, 0)
    return {
        "file": os.path.basename(path),
        "records": [message for message in messages if "error" not in message],
        "error": next((message["error"] for message in messages if "error" in message), None),
        "died": cause_of_death(status),
    }


def cause_of_death(status):
    if not os.WIFSIGNALED(status):
        return None
    number = os.WTERMSIG(status)
    return "TIMEOUT" if number == signal.SIGALRM else signal.Signals(number).name


def main(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith(".tfrecord"):
            print(json.dumps(read(os.path.join(folder, name))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
