"""Shared by peers that read images with labels: batches and buffers, and what they add up."""

import time
import zlib

BATCH = 64
BUFFER = 256
IMAGE = "image/encoded"
LABEL = "image/class/label"


class Facts:
    """Sums over the images that a peer read. With `check`, also over their CRC-32."""

    def __init__(self, check):
        self.check = check
        self.records = self.labels = self.lengths = self.crcs = 0

    def add(self, image, label):
        self.records += 1
        self.labels += label
        self.lengths += len(image)
        if self.check:
            self.crcs += zlib.crc32(image)


def reading(read):
    """Returns an operation that measures `read(request, facts)`."""

    def run(request):
        facts = Facts(request.get("check", False))
        start = time.perf_counter()
        read(request, facts)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "facts": {name: int(getattr(facts, name)) for name in ("records", "labels", "lengths", "crcs")}}

    return run
