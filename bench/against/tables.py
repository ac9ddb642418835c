"""Examples as tables, in the ways in which Python programs do it: shared by the peers of the column cases.

A way yields dicts of columns. `columns` counts and sums them as a training loop would read them,
`convert` writes them to a Parquet file.
"""

import re

import numpy
import pyarrow
import pyarrow.parquet

from peer_protocol import Stopwatch

ROWS = 1024
COMPRESSION = "snappy"


def reset_peak():
    """Restarts the count of the peak memory of this process."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak_of(pid="self"):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) / 1024


def converting(batches_of):
    """Returns an operation that writes the records of `path` to the Parquet file `target`."""

    def convert(request):
        reset_peak()
        records, writer = 0, None
        with Stopwatch() as watch:
            for columns in batches_of(request):
                table = pyarrow.table(columns)
                if writer is None:
                    writer = pyarrow.parquet.ParquetWriter(request["target"], table.schema, compression=COMPRESSION)
                writer.write_table(table)
                records += table.num_rows
            writer.close()
        return {"seconds": watch.seconds, "records": records, "mebibytes": peak_of()}

    return convert


def summing(batches_of):
    """Returns an operation that reads the records of `path` and, with `check`, sums their numbers."""

    def read(request):
        records, total = 0, 0.0
        with Stopwatch() as watch:
            for columns in batches_of(request):
                records += len(next(iter(columns.values())))
                if request.get("check"):
                    total += sum(map(sum_of, columns.values()))
        return {"seconds": watch.seconds, "records": records, "sum": total}

    return read


def sum_of(column):
    values = numpy.asarray(column)
    return float(values.astype("float64").sum()) if values.dtype.kind in "if" else 0.0


def batched(rows):
    """Yields dicts of columns for dicts of values, record by record."""
    columns, count = {}, 0
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
        count += 1
        if count == ROWS:
            yield columns
            columns, count = {}, 0
    if count > 0:
        yield columns
