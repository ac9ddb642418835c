"""Serves WebDataset and mosaicml-streaming over the line protocol of bench/against.

Each reads its own format of the same images: tar files and MDS shards.
`write mds` converts tar files to MDS shards. mosaicml-streaming also reads datasets of records. mosaicml-streaming takes only base classes and helpers
for several processes from PyTorch, whose wheels contain CUDA and take gigabytes; torch_parts.py
replaces them. None of that is used per image.
"""

import atexit
import fcntl
import os
import shutil
import tarfile
import tempfile

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="us-east-1")

import torch_parts

torch_parts.install()
# mosaicml-streaming leaves locks there.
tempfile.tempdir = tempfile.mkdtemp()
atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)

import webdataset
from streaming import MDSWriter, Stream, StreamingDataset

from datasets import SEED, operations
from images import BATCH, reading
from peer_protocol import payload_pool, serve


def read_webdataset(request, facts):
    dataset = webdataset.WebDataset(request["paths"], shardshuffle=False).to_tuple("jpg", "cls")
    for image, label in dataset:
        facts.add(image, int(label))


def read_mds(request, facts):
    with tempfile.TemporaryDirectory() as scratch:
        if "endpoint" in request:
            os.environ["S3_ENDPOINT_URL"] = request["endpoint"]
            places = [{"remote": path, "local": f"{scratch}/{i}"} for i, path in enumerate(request["paths"])]
        else:
            places = [{"local": path} for path in request["paths"]]
        # Two processes that open datasets at the same time may choose the same shared memory.
        with open(__file__) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            dataset = StreamingDataset(streams=[Stream(**place) for place in places], batch_size=BATCH)
        for sample in dataset:
            facts.add(sample["image"], sample["label"])


def write_mds(request):
    with MDSWriter(out=request["folder"], columns={"image": "bytes", "label": "int"}, size_limit=request["bytes"]) as writer:
        for path in request["paths"]:
            with tarfile.open(path) as tar:
                image = None
                for member in tar:
                    content = tar.extractfile(member).read()
                    if member.name.endswith(".jpg"):
                        image = content
                    else:
                        writer.write({"image": image, "label": int(content)})
    return {}


class Records:
    """The records of an MDS dataset. Each opens it again, because a dataset has one position only."""

    def __init__(self, request, state=None):
        self.dataset = StreamingDataset(
            local=request["folder"], batch_size=BATCH, shuffle=request["mode"] == "shuffled", shuffle_seed=SEED
        )
        if state is not None:
            self.dataset.load_state_dict(state)
        self.iterator = iter(self.dataset)
        self.count = 0

    def __iter__(self):
        return self

    def __next__(self):
        sample = next(self.iterator)
        self.count += 1
        return sample["record"]

    def state(self):
        return self.dataset.state_dict(self.count, from_beginning=True)

    def close(self):
        self.iterator.close()
        del self.iterator, self.dataset


def write_record_mds(request):
    pool = payload_pool(request["count"], request["size"], request["seed"])
    limit = -(-request["count"] // request["shards"]) * (request["size"] + 12)
    with MDSWriter(out=request["folder"], columns={"record": "bytes"}, size_limit=limit) as writer:
        for k in range(request["count"]):
            writer.write({"record": pool[k % len(pool)]})
    return {}


serve(
    "loaders",
    torch_parts.versions("webdataset", "mosaicml-streaming"),
    {
        "images": {"WebDataset": reading(read_webdataset), "mosaicml-streaming": reading(read_mds)},
        **operations(Records, Records),
        "convert": {"write mds": write_mds, "write mds of records": write_record_mds},
    },
)
