"""Records the results of tf.data operator chains, so that tests can compare without TensorFlow.

    tensorflow_dataset.py DIR

Writes DIR/dataset-*.json: {"made_with", "cases": [{"chain": [[operator, argument, ...], ...], "elements": [...] | "error": type}]}.
The operators are those of OPERATORS below; test/dataset/chains.ts builds the same with recordpipe. Elements are numbers and lists
of them; a matrix without rows has no columns either, as in JSON. Chains without an end have a `take` behind them.
"""

import json
import os
import random
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

Dataset = tf.data.Dataset


def ragged(lengths):
    """Vectors of these lengths: [1], [2, 2], ..."""
    return Dataset.from_tensor_slices(tf.constant(lengths, tf.int64)).map(lambda n: tf.fill([n], n))


INNER = {
    # x, x times
    "repeat": lambda x: Dataset.from_tensors(x).repeat(x),
    # 10 x, 10 x + 1, ...: x % 4 of them
    "count": lambda x: Dataset.range(10 * x, 10 * x + x % 4),
}

OPERATORS = {
    "range": lambda _, *bounds: Dataset.range(*bounds),
    "ragged": lambda _, lengths: ragged(lengths),
    "ragged2": lambda _, shapes: Dataset.range(len(shapes)).map(
        lambda i: tf.fill(tf.gather(tf.constant(shapes, tf.int64), i), i + 1)
    ),
    "take": lambda d, n: d.take(n),
    "skip": lambda d, n: d.skip(n),
    "repeat": lambda d, n=None: d.repeat(n),
    "shard": lambda d, n, i: d.shard(n, i),
    "batch": lambda d, n, drop=False: d.batch(n, drop_remainder=drop),
    "unbatch": lambda d: d.unbatch(),
    "enumerate": lambda d, start=0: d.enumerate(start).map(lambda i, x: tf.stack([i, x])),
    "concatenate": lambda d, *bounds: d.concatenate(Dataset.range(*bounds)),
    "zip": lambda d, *bounds: Dataset.zip((d, Dataset.range(*bounds))).map(lambda a, b: tf.stack([a, b])),
    "prefetch": lambda d, n: d.prefetch(n),
    "cache": lambda d: d.cache(),
    "odd": lambda d: d.filter(lambda x: x % 2 == 1),
    "square": lambda d: d.map(lambda x: x * x),
    "window": lambda d, size, shift, stride, drop: d.window(
        size, shift=shift, stride=stride, drop_remainder=drop
    ).flat_map(lambda w: w.batch(size)),
    "interleave": lambda d, inner, cycle, block: d.interleave(INNER[inner], cycle_length=cycle, block_length=block),
    "paddedBatch": lambda d, n, shape, value, drop=False: d.padded_batch(
        n,
        padded_shapes=shape,
        padding_values=None if value is None else tf.constant(value, tf.int64),
        drop_remainder=drop,
    ),
}


def answer(chain):
    try:
        dataset = None
        for name, *arguments in chain:
            dataset = OPERATORS[name](dataset, *arguments)
        return {"chain": chain, "elements": [element.tolist() for element in dataset.as_numpy_iterator()]}
    except Exception as error:
        return {"chain": chain, "error": type(error).__name__}


def interleave_cases(choose):
    yield [["range", 1, 5], ["interleave", "repeat", 3, 2]]
    yield [["range", 0], ["interleave", "repeat", 3, 2]]
    yield [["range", 5], ["interleave", "repeat", 0, 1]]
    yield [["range", 5], ["interleave", "repeat", 1, 0]]
    for _ in range(60):
        start = choose.randrange(0, 6)
        stop = start + choose.randrange(0, 12)
        inner = choose.choice(["repeat", "count"])
        yield [["range", start, stop], ["interleave", inner, choose.randrange(1, 7), choose.randrange(1, 5)]]


def count_cases(choose):
    for count in (-2, -1, 0, 1, 3, 10, 11):
        yield [["range", 10], ["take", count]]
        yield [["range", 10], ["skip", count]]
        yield [["range", 3], ["repeat", count], ["take", 20]]
    yield [["range", 3], ["repeat"], ["take", 7]]
    yield [["range", 0], ["repeat"], ["take", 7]]
    yield [["range", 4], ["take", 0], ["repeat", -1]]
    yield [["range", 5], ["repeat", 2], ["batch", 3]]
    yield [["range", 5], ["batch", 3], ["repeat", 2]]
    yield [["range", 5], ["batch", 3, True], ["repeat", 2]]
    yield [["range", 5], ["batch", 0]]
    yield [["range", 5], ["batch", -1]]
    yield [["range", 5], ["batch", 2, True]]
    yield [["range", 6], ["batch", 2, True], ["unbatch"], ["batch", 4]]
    yield [["range", 10], ["cache"], ["repeat", 2]]
    for shards, index in ((1, 0), (3, 0), (3, 2), (20, 15), (3, 3), (3, 4), (3, -1), (0, 0), (-1, 0)):
        yield [["range", 10], ["shard", shards, index]]
    for bounds in ((5,), (2, 5), (5, 2), (0, 10, 3), (10, 0, -4), (5, 5, -1), (0, 5, 0)):
        yield [["range", *bounds]]
    for count in (-3, -2, -1, 0, 1, 100):
        yield [["range", 5], ["prefetch", count]]
    for size, shift, stride in ((3, 3, 1), (3, 1, 1), (2, 3, 1), (3, 1, 2), (2, 5, 3), (4, 2, 2), (20, 1, 1), (1, 30, 1)):
        for drop in (False, True):
            yield [["range", 11], ["window", size, shift, stride, drop]]
    for size, shift, stride in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        yield [["range", 11], ["window", size, shift, stride, False]]
    operators = [
        lambda: ["take", choose.randrange(-1, 12)],
        lambda: ["skip", choose.randrange(0, 5)],
        lambda: ["repeat", choose.randrange(0, 4)],
        lambda: (lambda n: ["shard", n, choose.randrange(n)])(choose.randrange(1, 4)),
        lambda: ["concatenate", choose.randrange(0, 9)],
        lambda: ["odd"],
        lambda: ["square"],
        lambda: ["prefetch", choose.randrange(-1, 4)],
        lambda: ["cache"],
        lambda: ["interleave", "count", choose.randrange(1, 5), choose.randrange(1, 4)],
        lambda: ["window", choose.randrange(1, 4), choose.randrange(1, 5), 1, choose.random() < 0.5],
    ]
    last = [
        lambda: ["batch", choose.randrange(1, 5), choose.random() < 0.5],
        lambda: ["enumerate", choose.randrange(0, 5)],
        lambda: ["zip", choose.randrange(0, 30)],
    ]
    for _ in range(60):
        chain = [["range", choose.randrange(0, 15)]]
        for _ in range(choose.randrange(1, 4)):
            step = choose.choice(operators)()
            chain.append(step)
            if step[0] == "window":
                chain.append(["unbatch"])
        yield chain + [choose.choice(last)()]


def padded_cases(choose):
    yield [["ragged", [1, 2, 3, 4, 5]], ["paddedBatch", 2, [None], None]]
    yield [["ragged", [1, 2, 3, 4, 5]], ["paddedBatch", 2, [-1], -1, True]]
    yield [["ragged", [1, 2, 3, 4, 5]], ["paddedBatch", 2, [7], 9]]
    yield [["ragged", [1, 2, 3, 4, 5]], ["paddedBatch", 2, [4], 0]]
    yield [["ragged", [0, 0, 3, 0]], ["paddedBatch", 2, [None], None]]
    yield [["ragged", [1, 2]], ["paddedBatch", 0, [None], None]]
    yield [["range", 5], ["paddedBatch", 2, [], None]]
    yield [["range", 5], ["paddedBatch", 2, [3], None]]
    for _ in range(12):
        lengths = [choose.randrange(0, 6) for _ in range(choose.randrange(1, 9))]
        yield [["ragged", lengths], ["paddedBatch", choose.randrange(1, 5), [None], choose.choice([None, -1, 7])]]
    for _ in range(12):
        shapes = [[choose.randrange(1, 4), choose.randrange(0, 4)] for _ in range(choose.randrange(1, 6))]
        shape = choose.choice([[None, None], [4, None], [None, 5], [3, 3]])
        yield [["ragged2", shapes], ["paddedBatch", choose.randrange(1, 4), shape, choose.choice([None, -1])]]


def write(folder, name, cases):
    with open(os.path.join(folder, f"dataset-{name}.json"), "w", encoding="utf-8") as file:
        lines = ",\n".join(json.dumps(answer(chain)) for chain in cases)
        file.write(f'{{"made_with": "TensorFlow {tf.__version__}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    write(sys.argv[1], "interleave", interleave_cases(random.Random(1)))
    write(sys.argv[1], "counts", count_cases(random.Random(2)))
    write(sys.argv[1], "padded", padded_cases(random.Random(3)))
