"""Serves the Python package of recordpipe over the line protocol of bench/against, in TensorFlow's environment."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "python", "src"))
os.environ.setdefault("RECORDPIPE", os.path.join(ROOT, "dist", "cli.js"))

import recordpipe

from peer_protocol import serve
from tables import summing

schemas = {}


def inferred(request):
    """All that a program does: start, infer the columns, read."""
    with recordpipe.read(request["path"]) as reader:
        yield from map(recordpipe.to_numpy, reader)


def with_schema(request):
    """The schema is stored, as in the second run of a program."""
    path = request["path"]
    if path not in schemas:
        schemas[path] = recordpipe.infer_columns(path)
    with recordpipe.read(path, schema=schemas[path]) as reader:
        yield from map(recordpipe.to_numpy, reader)


serve(
    "recordpipe",
    recordpipe.__version__,
    {"columns": {"recordpipe.read": summing(inferred), "recordpipe.read, schema": summing(with_schema)}},
)
