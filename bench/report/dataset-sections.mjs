/** The sections of datasets of records in RESULTS.md. */

/** The order, with or without the name of a program, or what is measured of it. */
const sameOrder = ({ what }) => what.replace(/^mosaicml-streaming, |, no threads$/g, '');

const RECORD_SET = 'Records of 10 KB in 16 shards, 256 MiB in all';

export const DATASET_SECTIONS = [
  {
    title: 'Datasets: order and position, against Grain and mosaicml-streaming',
    command: 'datasets/peers',
    figures: { group: 'datasets peers' },
    about:
      `${RECORD_SET}, in the page cache; each program reads its own format of the same records: TFRecord files with indexes, ArrayRecord files, MDS shards. ` +
      'Records per second, one by one, in order and shuffled globally. `resume`: milliseconds from opening the dataset with a saved position in the middle of the epoch to the next record. `state`: size of that position as JSON.',
    versus: sameOrder,
    ratio: 'the same of `Dataset.shards`',
    after:
      'Grain reads with 16 threads by default, and then only a fifth of the records in each round; `no threads` reads on the calling thread, which is faster here. `mosaicml-streaming` verifies no checksum and runs without PyTorch, from which it needs only base classes. The state of Grain is the number of records read; that of recordpipe also identifies the files and operators, so that a state that does not fit is an error.',
  },
  {
    title: 'Datasets: positions',
    command: 'datasets/state',
    figures: { group: 'datasets state' },
    about: `${RECORD_SET}. Records per second of \`shuffle(1000).map.batch(64)\`, with and without taking the position after each batch; then milliseconds to continue in the middle of the shuffled shards, or of \`range(10^9).skip(5 * 10^8).shuffle(10000)\`, and the size of the position.`,
  },
  {
    title: 'Datasets: from S3 and from the cache on disk',
    command: 'datasets/s3',
    figures: { group: 'datasets s3' },
    about: `${RECORD_SET}, from nginx on this machine, round-trip time 20 ms. Records per second: \`records\` is \`Dataset.records\`; \`sequential\` and \`shuffled\` are orders of \`Dataset.shards\`, which reads blocks of 1 MiB. The cache was filled by an earlier epoch.`,
  },
];
