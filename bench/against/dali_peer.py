"""Serves DALI on the CPU over the line protocol of bench/against. It reads TFRecords with an index."""

import importlib.metadata
import os

os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_REGION="us-east-1")

from nvidia.dali import fn, pipeline_def, tfrecord

from images import BATCH, IMAGE, LABEL, reading
from peer_protocol import serve


def read_dali(request, facts):
    if "endpoint" in request:
        os.environ["AWS_ENDPOINT_URL"] = request["endpoint"]

    @pipeline_def(batch_size=BATCH, num_threads=2, device_id=None, prefetch_queue_depth=2)
    def images():
        found = fn.readers.tfrecord(
            path=request["paths"],
            index_path=request["indexes"],
            features={
                IMAGE: tfrecord.FixedLenFeature((), tfrecord.string, ""),
                LABEL: tfrecord.FixedLenFeature([1], tfrecord.int64, -1),
            },
            name="reader",
        )
        return found[IMAGE], found[LABEL]

    pipeline = images()
    pipeline.build()
    left = pipeline.reader_meta("reader")["epoch_size"]
    while left > 0:
        found, labels = pipeline.run()
        # The last batch is filled with images of the next epoch.
        for i in range(min(BATCH, left)):
            facts.add(found.at(i), int(labels.at(i)[0]))
        left -= BATCH


serve("dali", importlib.metadata.version("nvidia-dali-cuda120"), {"images": {"DALI": reading(read_dali)}})
