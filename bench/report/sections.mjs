/**
 * The sections of RESULTS.md after the targets, with the figures and text of each. `sizes` creates
 * a table with one column per size.
 */

import { KERNEL_SIZES, RECORD_SIZES } from '../corpus.mjs';

const STOPS_EARLY = 'Slow readers stop after a limited number of records (see results.json).';
const CLOSES_EARLY = 'Slow readers close the pipe after a limited number of records (see results.json).';
const FILE_BYTES =
  'GB/s of file bytes (framing included) by record size; uncompressed files in the page cache.';
const FILE_BYTES_WRITTEN =
  'GB/s of file bytes by record size, written to the page cache; each pass writes a new file.';

const FROM_NGINX =
  'GB/s of the object, measured over whole processes that read from nginx on this machine and write to a pipe.';

const S3_SECTIONS = [
  {
    title: 'S3: one object, 90 MiB/s per connection',
    figures: { group: 's3 limited' },
    about: `${FROM_NGINX} Each connection is limited to 90 MiB/s, approximately as in S3.`,
    chart: 's3',
  },
  {
    title: 'S3: one object, connections without a limit',
    figures: { group: 's3 unlimited' },
    about: FROM_NGINX,
    after:
      '`sdk GetObject` is one request by the AWS SDK for JavaScript; `undici 8 ranges at once` neither verifies nor retries.',
  },
  {
    title: 'S3: 2,000 objects of 64 KiB',
    figures: { group: 's3 small objects' },
    about:
      'Objects per second of whole processes, including the listing; round-trip time 20 ms. `cat` preserves the order of the objects; programs that write files do not.',
  },
  {
    title: 'S3: validating and downloading 40 shards',
    figures: { group: 's3 validate' },
    about:
      'GB/s of the shards, measured over whole processes including the listing, from nginx on this machine.',
  },
  {
    title: 'S3: a reader that pauses',
    figures: { group: 's3 stopped reader' },
    about:
      'Peak memory of a process that reads half of an object, waits for a minute, and reads the rest. No request is sent twice.',
  },
  {
    title: 'S3: an outage of three seconds',
    figures: { group: 's3 outage' },
    about:
      'Parts that arrive if 64 are requested at once at the start of an outage: every response is 500 for three seconds. The SDK makes ten attempts.',
  },
];

const STREAMING_SECTIONS = [
  {
    title: 'Streamer: a file through a named pipe',
    figures: { group: 'stream file' },
    about: 'GB/s of the file, from the start of the reader, `cat`, to its end.',
  },
  ...[
    ['limited', '90 MiB/s per connection'],
    ['unlimited', 'connections without a limit'],
  ].map(([kind, about]) => ({
    title: `Streamer: one object of S3, ${about}`,
    figures: { group: `stream s3 ${kind}` },
    about:
      'GB/s of the object from nginx on this machine through a named pipe, from the start of the reader to its end.',
  })),
  {
    title: 'Streamer: an augmented manifest of 5,000 images',
    figures: { group: 'stream manifest' },
    about: 'Images of 20 KB per second; round-trip time to nginx 20 ms.',
  },
  {
    title: 'Streamer: the first byte',
    figures: { group: 'stream first bytes' },
    about:
      'Milliseconds from the call of `run` in a new process, including the listing, and from opening the next pipe; round-trip time 20 ms.',
  },
  {
    title: 'Streamer: 32 channels',
    figures: { group: 'stream channels' },
    about: 'Total GB/s of 31 channels, each an object of 16 MiB from nginx on this machine.',
  },
];

const TRAIN_SECTION = {
  title: 'Training: the first batch',
  figures: { group: 'train first batch' },
  about:
    'Milliseconds from the start of `model.fit`, or of iteration over the dataset alone, to the first of its batches of 128 images of 10 KB; also from the start of the process, which includes importing TensorFlow. ' +
    'Each turn is a new process. Local files are read by `TFRecordDataset`, Pipe mode by the original PipeModeDataset; round-trip time to nginx 20 ms.',
};

export const SECTIONS = [
  {
    title: 'CRC32C kernels',
    figures: { group: 'kernel' },
    about: 'GB/s by input size, including the call from JavaScript; one core. 1 GB is 10^9 bytes.',
    chart: 'kernel',
    sizes: KERNEL_SIZES,
  },
  {
    title: 'Reading TFRecord',
    figures: { group: 'read', format: 'tfrecord' },
    about: FILE_BYTES,
    chart: 'reading',
    sizes: RECORD_SIZES,
    after: `\`rust BytesIter unchecked\` and \`vahidk\` verify no checksum; \`dd\` and \`cat\` do not parse records. ${STOPS_EARLY}`,
  },
  {
    title: 'Reading RecordIO',
    figures: { group: 'read', format: 'recordio' },
    about: FILE_BYTES,
    chart: 'reading-recordio',
    sizes: RECORD_SIZES,
    after: `\`sagemaker\` checks the magic number only; \`dd\` does not parse records. ${STOPS_EARLY}`,
  },
  {
    title: 'Reading lines of text',
    figures: { group: 'read', format: 'textline' },
    about: 'GB/s of file bytes (line feeds included) by line length; uncompressed files in the page cache.',
    chart: 'reading-textline',
    sizes: RECORD_SIZES,
    after: `\`readline\` returns strings; all others return bytes. ${STOPS_EARLY}`,
  },
  {
    title: 'Two files at once',
    figures: { group: 'several' },
    about: 'GB/s of file bytes over two TFRecord files, each four times as large as in the other cases.',
    sizes: RECORD_SIZES,
  },
  {
    title: 'Writing TFRecord',
    figures: { group: 'write', format: 'tfrecord' },
    about: FILE_BYTES_WRITTEN,
    chart: 'writing',
    sizes: RECORD_SIZES,
    after: '`vahidk` writes Examples only: each record is the bytes feature of an Example.',
  },
  {
    title: 'Writing RecordIO',
    figures: { group: 'write', format: 'recordio' },
    about: FILE_BYTES_WRITTEN,
    sizes: RECORD_SIZES,
    after: '`sagemaker` does not escape magic numbers in payloads.',
  },
  {
    title: 'Writing lines of text',
    figures: { group: 'write', format: 'textline' },
    about: FILE_BYTES_WRITTEN,
    sizes: RECORD_SIZES,
  },
  {
    title: 'Indexes',
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
    figures: { group: 'pipe', format },
    about:
      'GB/s of pipe bytes by record size: epochs of a channel, written by `cat FILE > PIPE` from the page cache.',
    ...(format !== 'textline' && { chart: `pipe-${format}` }),
    sizes: RECORD_SIZES,
    after: `\`cat\` does not parse records. ${format === 'textline' ? '' : CLOSES_EARLY}`.trim(),
  })),
  {
    title: 'Pipe mode: channels',
    figures: { group: 'channels' },
    about:
      'Overhead of an epoch of one record; then 64 channels at once, four of them without a writer, while `fs.stat` is called repeatedly (the longest call of each round).',
  },
  ...S3_SECTIONS,
  ...STREAMING_SECTIONS,
  TRAIN_SECTION,
  {
    title: 'Chains of operators',
    figures: { group: 'dataset' },
    about:
      'Elements per second of `map.batch(256).prefetch(2)`, over numbers and over a TFRecord file of 100-byte records, which all alternatives read with `readTFRecords`. IxJS and RxJS do not prefetch; RxJS is push-based.',
  },
  {
    title: 'Memory',
    figures: { group: 'memory' },
    about: 'Peak resident memory of each process.',
  },
  {
    title: 'Examples',
    figures: { group: 'example' },
    about:
      'Records per second of Examples in memory, all on one core: an image of 100 KB with labels; 20 scalars; 4,096 floats; 200 integers; 3 of 50 scalars. ' +
      '`decode` returns all features, `parse` returns the requested ones, and `parse_batch` and `parse_example` return columns of 256 records (64 for images).',
    after:
      '`npm-tfrecord` uses a static module of protobufjs 6, `protobufjs` compiles its decoder from types, `bufbuild` is `@bufbuild/protobuf`. TensorFlow is called through `tf.function`.',
  },
  {
    title: 'Statistics',
    figures: { group: 'stats' },
    about: 'Wall time of whole processes over image Examples of 100 KB in four shards.',
  },
  {
    title: 'Scaling out',
    figures: { group: 'shards' },
    about:
      'Whole processes. A service lists 100,000 objects; each report has 100 files. Each worker is kept on its own core; GB/s are uncompressed record bytes.',
  },
  {
    title: 'Whole processes',
    figures: { group: 'process' },
    about: 'Wall time from start to exit.',
  },
];
