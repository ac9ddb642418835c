"""Creates indexes with vahidk's `tfrecord`, and reads with existing ones.

    vahidk_index.py DIR

Of every NAME.tfrecord in DIR makes NAME.vahidk with tfrecord2idx. Prints one JSON line for each (protocol.py): its
records are those that the loader reads by NAME.idx, shard by shard, of several numbers of shards; each has
"shards", how many there were. A file without NAME.idx is not read.
"""

import os
import sys

from tfrecord.reader import tfrecord_iterator
from tfrecord.tools.tfrecord2idx import create_index

from protocol import listed, read_folder

SHARDS = (1, 2, 7)


def read(path):
    name = path[: -len(".tfrecord")]
    create_index(path, f"{name}.vahidk")
    index = f"{name}.idx"
    if not os.path.exists(index):
        return
    for shards in SHARDS:
        for shard in range(shards):
            for record in tfrecord_iterator(path, index, (shard, shards)):
                yield listed(record, shards=shards)


if __name__ == "__main__":
    read_folder(sys.argv[1], ".tfrecord", read)
