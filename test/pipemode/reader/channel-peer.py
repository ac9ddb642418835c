"""Another process on a channel: writes an epoch as RecordIO, or takes epochs in turn and prints what it read.

channel-peer.py write PIPE EPOCH RECORDS
channel-peer.py read ROOT EPOCHS
"""
import fcntl, os, struct, sys

MAGIC = 0xCED7230A


def payload(epoch, i):
    return bytes((epoch + i + j) & 255 for j in range((37 * i + epoch) % 1000))


def write(pipe, epoch, records):
    with open(pipe, "wb") as stream:
        for i in range(records):
            body = payload(epoch, i)
            stream.write(struct.pack("<II", MAGIC, len(body)) + body + bytes(-len(body) % 4))


def take(root):
    lock = os.open(root + "/state/.train-pipe_mode-lock", os.O_WRONLY | os.O_CREAT, 0o666)
    fcntl.flock(lock, fcntl.LOCK_EX)
    path = root + "/state/.train-pipe_mode-state"
    epoch = 0
    if os.path.exists(path):
        with open(path) as state:
            epoch = int(state.read())
    with open(path, "w") as state:
        state.write(str(epoch + 1))
    os.close(lock)
    return epoch


def read(root, epochs):
    for _ in range(epochs):
        epoch = take(root)
        print("epoch", epoch)
        with open("%s/data/train_%d" % (root, epoch), "rb") as stream:
            while header := stream.read(8):
                magic, length = struct.unpack("<II", header)
                assert magic == MAGIC
                print("record", stream.read(length).hex())
                stream.read(-length % 4)


if sys.argv[1] == "write":
    write(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    read(sys.argv[2], int(sys.argv[3]))
