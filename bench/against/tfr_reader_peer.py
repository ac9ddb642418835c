"""Serves tfr-reader, whose decoder is written in Cython, over the line protocol of bench/against.

It reads folders and builds an index first, which is part of the measured time. It verifies no checksums.
"""

import importlib.metadata
import os
import shutil

import tfr_reader

from peer_protocol import serve
from tables import batched, converting


def rows(request):
    # Its folder must contain nothing else, and is outside of the data.
    folder = f"{request['target']}.folder"
    os.makedirs(folder)
    try:
        os.symlink(request["path"], os.path.join(folder, "data.tfrecord"))
        dataset = tfr_reader.load_from_directory(folder, filepattern="*.tfrecord")
        for i in range(dataset.size):
            example = dataset[i]
            yield {name: value_of(example[name].value) for name in request["specs"]}
    finally:
        shutil.rmtree(folder)


def value_of(values):
    return values[0] if len(values) == 1 else list(values)


serve(
    "tfr-reader",
    importlib.metadata.version("tfr-reader"),
    {"convert": {"load_from_directory, pyarrow": converting(lambda request: batched(rows(request)))}},
    notes={"load_from_directory, pyarrow": "verifies no checksums"},
)
