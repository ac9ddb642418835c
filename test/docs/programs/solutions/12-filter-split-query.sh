#!/usr/bin/env bash
set -eu
mkdir -p parts
recordpipe split data/ parts/ --weights train=0.8,test=0.2 --by user --where 'label == 1 && has(price)' >&2
recordpipe convert 'parts/train-*' train.parquet >&2
recordpipe query "select count(*) as rows, count(distinct user) as users from 'train.parquet'" --to jsonl
