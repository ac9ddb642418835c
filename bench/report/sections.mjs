/**
 * The sections of RESULTS.md, with the figures and text of each. `command` selects the cases.
 * `sizes` creates a table with one column per size. `versus` returns the figure of recordpipe that
 * another figure is compared with, as `what`, and `ratio` describes it.
 */

import { KERNEL_SIZES, RECORD_SIZES } from '../corpus.mjs';
import { COLUMN_SECTIONS } from './column-sections.mjs';
import { DATASET_SECTIONS } from './dataset-sections.mjs';

const STOPS_EARLY = 'Slow readers stop after a limited number of records (see results.json).';
const CLOSES_EARLY = 'Slow readers close the pipe after a limited number of records (see results.json).';
const FILE_BYTES =
  'GB/s of file bytes (framing included) by record size; uncompressed files in the page cache.';
const FILE_BYTES_WRITTEN =
  'GB/s of file bytes by record size, written to the page cache; each pass writes a new file.';

const FROM_NGINX =
  'GB/s of the object, measured over whole processes that read from nginx on this machine and write to a pipe.';

const always = (what) => () => what;
/** Suffixes that name the service and its limits. */
const SERVICE = /(, limited connections)?(, HTTPS)?$/;
const sameService = (what) => (figure) => what + SERVICE.exec(figure.what)[0];
const sameJobs = (what) => (figure) => what + (/, jobs 2$/.exec(figure.what)?.[0] ?? '');

/** The function of recordpipe that does the same. */
const exampleOf = (what) =>
  what
    .replace(/^extract_feature_dict|^parse_single_example/, 'parse')
    .replace(/^parse_example/, 'parse_batch');

const IMAGES =
  'Images per second from 4 shards of 64 MB, each an ImageNet-like set of images of about 110 KB with labels. ' +
  'Each program reads its own format of the same images and delivers bytes and label of each. ' +
  '`jobs 2`: two processes with half of the shards each.';

const IMAGE_SECTIONS = [
  {
    title: 'Loading images from disk',
    command: 'images/disk',
    figures: { group: 'images disk' },
    about: `${IMAGES} Files are in the page cache.`,
    chart: 'images',
    versus: sameJobs('Dataset.shuffle.batch.prefetch'),
    ratio: '`recordpipe Dataset.shuffle.batch.prefetch`',
    after:
      '`vahidk`, `WebDataset`, `mosaicml-streaming`, and `DALI` verify no checksums. `roboflow` reads a few images only. `mosaicml-streaming` runs without PyTorch, from which it needs only base classes.',
  },
  {
    title: 'Loading images from S3',
    command: 'images/s3',
    figures: { group: 'images s3' },
    about: `${IMAGES} nginx on this machine, round-trip time 20 ms.`,
    versus: sameJobs('Dataset.shuffle.batch.prefetch'),
    ratio: '`recordpipe Dataset.shuffle.batch.prefetch`',
    after:
      'Programs that cannot read from S3 read files that `s5cmd cp` downloads into memory first, which is part of the time. Current versions of TensorFlow are among them; `tensorflow-io` is TensorFlow 2.14 with the S3 file system of tensorflow-io 0.34. WebDataset reads `pipe:curl`. DALI reads a few images only.',
  },
];

const S3_SECTIONS = [
  {
    title: 'S3: one object, 90 MiB/s per connection',
    command: 's3/limited',
    versus: always('openObject'),
    ratio: '`recordpipe openObject`',
    figures: { group: 's3 limited' },
    about: `${FROM_NGINX} Each connection is limited to 90 MiB/s, approximately as in S3.`,
    chart: 's3',
  },
  {
    title: 'S3: one object, connections without a limit',
    command: 's3/unlimited',
    versus: always('openObject'),
    ratio: '`recordpipe openObject`',
    figures: { group: 's3 unlimited' },
    about: FROM_NGINX,
    after:
      '`sdk GetObject` is one request by the AWS SDK for JavaScript; `undici 8 ranges at once` neither verifies nor retries.',
  },
  ...[
    [
      's3 validate',
      's3/validate',
      'S3: checking and copying 40 shards',
      'Whole processes, including the listing, with nginx on this machine: GB/s of the shards.',
    ],
    [
      's3 small objects',
      's3/small-objects',
      'S3: checking and copying 2,000 objects of 64 KiB',
      'Whole processes, including the listing; round-trip time 20 ms: objects per second.',
    ],
  ].flatMap(([group, command, title, about]) =>
    [
      [group, title, `${about} \`cp\` and \`s3 cp\` write files into memory and verify no record.`],
      [
        `${group} processor`,
        `${title}, processor time`,
        'Processor seconds (user and system) of the same processes per GB.',
      ],
    ].map(([figures, heading, text]) => ({
      title: heading,
      command,
      figures: { group: figures },
      about: text,
      versus: sameService('validate'),
      ratio: '`recordpipe validate` over the same connection',
    })),
  ),
  {
    title: 'S3: a reader that pauses',
    command: 's3/stopped-reader',
    figures: { group: 's3 stopped reader' },
    about:
      'Peak memory of a process that reads half of an object, waits for 20 seconds, and reads the rest. The server drops clients that do not read for 10 seconds. No request is sent twice.',
  },
  {
    title: 'S3: an outage of three seconds',
    command: 's3/outage',
    versus: always('of 64 parts'),
    ratio: 'recordpipe',
    figures: { group: 's3 outage' },
    about:
      'Parts that arrive if 64 are requested at once at the start of an outage: every response is 500 for three seconds. The SDK makes ten attempts.',
  },
];

const STREAMING_SECTIONS = [
  {
    title: 'Streamer: a file through a named pipe',
    command: 'stream/file',
    versus: always('streamer'),
    ratio: 'the streamer',
    figures: { group: 'stream file' },
    about: 'GB/s of the file, from the start of the reader, `cat`, to its end.',
  },
  ...[
    ['limited', '90 MiB/s per connection'],
    ['unlimited', 'connections without a limit'],
  ].map(([kind, about]) => ({
    title: `Streamer: one object of S3, ${about}`,
    command: `stream/s3-${kind}`,
    versus: always('streamer'),
    ratio: 'the streamer',
    figures: { group: `stream s3 ${kind}` },
    about:
      'GB/s of the object from nginx on this machine through a named pipe, from the start of the reader to its end.',
  })),
  {
    title: 'Streamer: an augmented manifest of 5,000 images',
    command: 'stream/manifest',
    versus: always('streamer'),
    ratio: 'the streamer',
    figures: { group: 'stream manifest' },
    about: 'Images of 20 KB per second; round-trip time to nginx 20 ms.',
  },
  {
    title: 'Streamer: the first byte',
    command: 'stream/first-bytes',
    figures: { group: 'stream first bytes' },
    about:
      'Milliseconds from the call of `run` in a new process to the first byte at a reader, including the listing, minus the time of one GET; from opening the pipe of the next epoch; and from the start of the process `recordpipe stream` of a local folder. Round-trip time to nginx 20 ms.',
  },
  {
    title: 'Streamer: 32 channels',
    command: 'stream/channels',
    figures: { group: 'stream channels' },
    about: 'Total GB/s of 31 channels, each an object of 16 MiB from nginx on this machine.',
  },
];

const TRAIN_SECTION = {
  title: 'Training: the first batch',
  command: 'train/',
  versus: ({ what }) => what.replace(/^[^:]*/, 'train, Pipe mode'),
  ratio: '`recordpipe train` in Pipe mode',
  figures: { group: 'train first batch' },
  about:
    'Milliseconds from the start of `model.fit`, or of iteration over the dataset alone, to the first of its batches of 128 images of 10 KB; also from the start of the process, which includes importing TensorFlow. ' +
    'Each turn is a new process. Local files are read by `TFRecordDataset`, Pipe mode by the original PipeModeDataset; round-trip time to nginx 20 ms.',
};

const FILE_SECTIONS = [
  {
    title: 'One large file',
    command: 'files/one-large',
    figures: { group: 'files one large' },
    about:
      'GB/s of file bytes of one file of 4 GiB with records of 1 KB, whole processes. All reports are equal.',
    versus: ({ what }) => (what === 'dd' ? 'validate, jobs 1' : 'validate, jobs 2'),
    ratio: '`validate` with one job; for two processes of `dd`, with two',
  },
  {
    title: '10,000 small files',
    command: 'files/many-small',
    figures: { group: 'files many small' },
    about:
      'Milliseconds for files with one Example of about 1 KB each. recordpipe: whole processes. TensorFlow: without its start, and it only reads the records.',
    versus: always('validate'),
    ratio: '`validate`',
  },
];

export const SECTIONS = [
  ...IMAGE_SECTIONS,
  {
    title: 'CRC32C kernels',
    command: 'kernel/',
    versus: always('crc32c'),
    ratio: '`crc32c()`',
    figures: { group: 'kernel' },
    about: 'GB/s by input size, including the call from JavaScript; one core. 1 GB is 10^9 bytes.',
    chart: 'kernel',
    sizes: KERNEL_SIZES,
  },
  {
    title: 'Reading TFRecord',
    command: 'tfrecord/(validate|batches|views)',
    versus: ({ who }) => (who === 'limit' ? 'validate' : 'views'),
    ratio: 'recordpipe views; for `dd` and `cat`, `validate`',
    figures: { group: 'read', format: 'tfrecord' },
    about: FILE_BYTES,
    chart: 'reading',
    sizes: RECORD_SIZES,
    after: `\`rust BytesIter unchecked\` and \`vahidk\` verify no checksum; \`dd\` does not parse records. ${STOPS_EARLY}`,
  },
  {
    title: 'Reading RecordIO',
    command: 'recordio/(validate|count|batches|views)',
    versus: ({ who }) => (who === 'limit' ? 'validate' : 'views'),
    ratio: 'recordpipe views; for `dd`, `validate`',
    figures: { group: 'read', format: 'recordio' },
    about: FILE_BYTES,
    chart: 'reading-recordio',
    sizes: RECORD_SIZES,
    after: `\`sagemaker\` checks the magic number only; \`dd\` does not parse records. ${STOPS_EARLY}`,
  },
  {
    title: 'Reading lines of text',
    command: 'textline/(validate|count|batches|views)',
    versus: ({ who }) => (who === 'limit' ? 'count' : 'views'),
    ratio: 'recordpipe views; for `dd`, `wc` and `grep`, `count`',
    figures: { group: 'read', format: 'textline' },
    about: 'GB/s of file bytes (line feeds included) by line length; uncompressed files in the page cache.',
    chart: 'reading-textline',
    sizes: RECORD_SIZES,
    after: `\`readline\` returns strings; all others return bytes. ${STOPS_EARLY}`,
  },
  {
    title: 'Two files at once',
    command: 'tfrecord/two-files',
    figures: { group: 'several' },
    about: 'GB/s of file bytes over two TFRecord files, each twice as large as in the other cases.',
    sizes: RECORD_SIZES,
  },
  ...FILE_SECTIONS,
  {
    title: 'Writing TFRecord',
    command: 'tfrecord/write',
    versus: always('openTFRecordWriter'),
    ratio: '`openTFRecordWriter`',
    figures: { group: 'write', format: 'tfrecord' },
    about: FILE_BYTES_WRITTEN,
    chart: 'writing',
    sizes: RECORD_SIZES,
    after: '`vahidk` writes Examples only: each record is the bytes feature of an Example.',
  },
  {
    title: 'Writing RecordIO',
    command: 'recordio/write',
    versus: always('openRecordWriter'),
    ratio: '`openRecordWriter`',
    figures: { group: 'write', format: 'recordio' },
    about: FILE_BYTES_WRITTEN,
    sizes: RECORD_SIZES,
    after: '`sagemaker` does not escape magic numbers in payloads.',
  },
  {
    title: 'Writing lines of text',
    command: 'textline/write',
    versus: always('openRecordWriter'),
    ratio: '`openRecordWriter`',
    figures: { group: 'write', format: 'textline' },
    about: FILE_BYTES_WRITTEN,
    sizes: RECORD_SIZES,
  },
  {
    title: 'Indexes',
    command: 'index/',
    versus: ({ what }) => (what.startsWith('loader') ? 'get, at random' : 'index'),
    ratio: '`index`; for the loaders, `get` at random',
    figures: { group: 'index' },
    about:
      'Building and reading the index of 10 million TFRecords of 100 bytes, and of 50 to 150 bytes (`tfrecord2idx`: 200,000 records); getting records of 1 KB by index from a 1 GiB file in the page cache. ' +
      "vahidk's loader has no random access: it reads the whole file once, or treats each record as a shard.",
  },
  ...[
    ['tfrecord', 'TFRecord'],
    ['recordio', 'RecordIO'],
    ['textline', 'lines of text'],
  ].map(([format, name]) => ({
    title: `Pipe mode: ${name}`,
    command: `${format}/pipe`,
    versus: always('views'),
    ratio: 'recordpipe views',
    figures: { group: 'pipe', format },
    about:
      'GB/s of pipe bytes by record size: epochs of a channel, written by `cat FILE > PIPE` from the page cache.',
    ...(format !== 'textline' && { chart: `pipe-${format}` }),
    sizes: RECORD_SIZES,
    after: `\`cat\` does not parse records. ${format === 'textline' ? '' : CLOSES_EARLY}`.trim(),
  })),
  {
    title: 'Pipe mode: channels',
    command: '^pipe/',
    figures: { group: 'channels' },
    about:
      'Overhead of an epoch of one record; then 64 channels at once, four of them without a writer, while `fs.stat` is called repeatedly (the longest call of each round).',
  },
  ...S3_SECTIONS,
  ...STREAMING_SECTIONS,
  TRAIN_SECTION,
  ...DATASET_SECTIONS,
  {
    title: 'Chains of operators',
    command: 'dataset/',
    versus: ({ what }) => what,
    ratio: 'the same chain of recordpipe',
    figures: { group: 'dataset' },
    about:
      'Elements per second of `map.batch(256).prefetch(2)`, over numbers and over a TFRecord file of 100-byte records, which all alternatives read with `readTFRecords`. IxJS and RxJS do not prefetch; RxJS is push-based.',
  },
  {
    title: 'Memory',
    command: 'memory/',
    figures: { group: 'memory' },
    about: 'Peak resident memory of each process.',
  },
  {
    title: 'Examples',
    command: 'example/',
    versus: ({ what }) => exampleOf(what),
    ratio: '`decode`, `parse`, or `parse_batch` of the same Examples',
    figures: { group: 'example' },
    about:
      'Records per second of Examples in memory, all on one core: an image of 100 KB with labels; 20 scalars; 4,096 floats; 200 integers; 3 of 50 scalars. ' +
      '`decode` returns all features, `parse` returns the requested ones, and `parse_batch` and `parse_example` return columns of 256 records (64 for images).',
    after:
      '`npm-tfrecord` uses a static module of protobufjs 6, `protobufjs` compiles its decoder from types, `bufbuild` is `@bufbuild/protobuf`. TensorFlow is called through `tf.function`.',
  },
  ...COLUMN_SECTIONS,
  {
    title: 'Statistics',
    command: 'stats/',
    figures: { group: 'stats' },
    about: 'Wall time of whole processes over image Examples of 100 KB in four shards.',
  },
  {
    title: 'Scaling out',
    command: 'shards/',
    figures: { group: 'shards' },
    about:
      'Whole processes. A service lists 100,000 objects; each report has 100 files. Each worker is kept on its own core; GB/s are uncompressed record bytes.',
  },
  {
    title: 'Whole processes',
    command: 'cli/',
    figures: { group: 'process' },
    about: 'Wall time from start to exit.',
  },
];
