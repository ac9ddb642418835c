"""Trains a linear model on rows of float32 with PyTorch: four features and the target."""

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from pipe_records import read_epoch

EPOCHS = 3


class PipeRows(IterableDataset):
    """The rows of a channel. Call set_epoch before each epoch."""

    def __init__(self, channel):
        super().__init__()
        self.channel = channel
        self.epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        worker = get_worker_info()
        if worker is not None and worker.num_workers > 1:
            raise ValueError("only one process can read a pipe; pass num_workers=0 or 1")
        for record in read_epoch(self.channel, self.epoch):
            # A tensor needs memory that it may change.
            yield torch.frombuffer(bytearray(record), dtype=torch.float32)


rows = PipeRows("train")
loader = DataLoader(rows, batch_size=32)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(EPOCHS):
    rows.set_epoch(epoch)
    count, total = 0, 0.0
    for batch in loader:
        x, y = batch[:, :4], batch[:, 4:]
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        count += len(batch)
        total += loss.item() * len(batch)
    print(f"epoch {epoch}: {count} rows, loss {total / count:.4f}", flush=True)
