"""Increments a channel's index with the original's state manager alone.

Each iterator reads an epoch whose pipe is an empty file.

    original_locking.py ROOT ROUNDS
"""
import os, sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from sagemaker_tensorflow import PipeModeDataset

root, rounds = sys.argv[1:]
dataset = PipeModeDataset("train", state_dir=f"{root}/state", pipe_dir=f"{root}/data", config_dir=f"{root}/config")
for _ in range(int(rounds)):
    assert list(dataset) == []
