"""Reads epochs of a channel from named pipes with a third-party reader and prints one line of JSON for each.

    pipe_readers.py sagemaker|tensorflow DIR EPOCHS

sagemaker: the SageMaker SDK's read_recordio, straight from the pipe; tensorflow: what a Python reader pulled from the pipe, decoded by TFRecordDataset.
"""
import hashlib, json, os, sys, tempfile, time

kind, folder, epochs = sys.argv[1:]


def sagemaker(pipe):
    from sagemaker_sdk import read_recordio
    with open(pipe, "rb") as file:
        yield from read_recordio(file)


def tensorflow(pipe):
    import tensorflow as tf
    with open(pipe, "rb") as file, tempfile.NamedTemporaryFile() as copy:
        copy.write(file.read())
        copy.flush()
        for record in tf.data.TFRecordDataset(copy.name):
            yield record.numpy()


for epoch in range(int(epochs)):
    pipe = f"{folder}/train_{epoch}"
    while not os.path.exists(pipe):
        time.sleep(0.01)
    records = [{"length": len(data), "sha256": hashlib.sha256(data).hexdigest()} for data in {"sagemaker": sagemaker, "tensorflow": tensorflow}[kind](pipe)]
    print(json.dumps({"records": records, "error": None}), flush=True)
