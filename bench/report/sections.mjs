/** The sections of RESULTS.md behind the targets: which figures, in what words; `sizes` makes a table of a column per size. */

import { KERNEL_SIZES, RECORD_SIZES } from '../corpus.mjs';

const STOPPED = 'Readers that would take minutes stop after some records (results.json says how many).';
const LEFT = 'Readers that would take long leave the pipe after some records (results.json says how many).';
const FILE_BYTES =
  'GB/s of file bytes (framing included) by record size; uncompressed files in the page cache.';
const WRITTEN = 'GB/s of file bytes by record size, into the page cache; each pass writes a new file.';

const FROM_NGINX = 'GB/s of the object, whole processes, from nginx on this machine through a pipe.';

const S3_SECTIONS = [
  {
    title: 'S3: one object, 90 MiB/s a connection',
    figures: { group: 's3 limited' },
    about: `${FROM_NGINX} Each connection is limited to 90 MiB/s, which is about what S3 allows.`,
    chart: 's3',
  },
  {
    title: 'S3: one object, connections without a limit',
    figures: { group: 's3 unlimited' },
    about: FROM_NGINX,
    after:
      '`sdk GetObject` is one request by the AWS SDK for JavaScript; `undici 8 ranges at once` checks and retries nothing.',
  },
  {
    title: 'S3: the HTTP client against undici',
    figures: { group: 's3 client' },
    about: `${FROM_NGINX} \`openObject over undici\` is the same recordpipe with undici as its HTTP client.`,
  },
  {
    title: 'S3: the HTTP client against undici, processor time',
    figures: { group: 's3 client processor' },
    about: 'GB per second of processor time, user and system, of the same processes.',
  },
  {
    title: 'S3: 2,000 objects of 64 KiB',
    figures: { group: 's3 small objects' },
    about:
      'Objects per second, whole processes with their listing; round-trip time 20 ms. `cat` keeps the order of the objects, programs that write files do not.',
  },
  {
    title: 'S3: 40 shards validated, and downloaded',
    figures: { group: 's3 validate' },
    about: 'GB/s of the shards, whole processes with their listing, from nginx on this machine.',
  },
  {
    title: 'S3: a reader that pauses',
    figures: { group: 's3 stopped reader' },
    about:
      'Peak memory of a process that reads half of an object, waits for a minute, and reads the rest. No request is sent twice.',
  },
  {
    title: 'S3: three seconds of 500',
    figures: { group: 's3 outage' },
    about:
      'How many of 64 parts arrive if they are requested at once at the start of three seconds of 500. The SDK makes ten attempts.',
  },
];

const STREAMING_SECTIONS = [
  {
    title: 'Streamer: a file through a named pipe',
    figures: { group: 'stream file' },
    about: 'GB/s of the file, from the start of the reader, `cat`, to its end.',
  },
  ...[
    ['limited', '90 MiB/s a connection'],
    ['unlimited', 'connections without a limit'],
  ].map(([kind, about]) => ({
    title: `Streamer: one object of S3, ${about}`,
    figures: { group: `stream s3 ${kind}` },
    about:
      'GB/s of the object, from nginx on this machine through a named pipe, from the start of the reader to its end.',
  })),
  {
    title: 'Streamer: an augmented manifest of 5,000 images',
    figures: { group: 'stream manifest' },
    about: 'Images of 20 KB per second. nginx is behind a line on which there and back takes 20 ms.',
  },
  {
    title: 'Streamer: the first byte',
    figures: { group: 'stream first bytes' },
    about:
      'Milliseconds, from the call of `run` in a new process with a listing, and from the opening of the next pipe; there and back takes 20 ms.',
  },
  {
    title: 'Streamer: 32 channels',
    figures: { group: 'stream channels' },
    about: 'GB/s of 31 channels together, of objects of 16 MiB from nginx on this machine.',
  },
];

export const SECTIONS = [
  {
    title: 'CRC32C kernels',
    figures: { group: 'kernel' },
    about: 'GB/s by size of the input, including the call from JavaScript; one core. A GB is 10^9 bytes.',
    chart: 'kernel',
    sizes: KERNEL_SIZES,
  },
  {
    title: 'Reading TFRecord',
    figures: { group: 'read', format: 'tfrecord' },
    about: FILE_BYTES,
    chart: 'reading',
    sizes: RECORD_SIZES,
    after: `\`rust BytesIter unchecked\` and \`vahidk\` verify no checksum; \`dd\` and \`cat\` know no records. ${STOPPED}`,
  },
  {
    title: 'Reading RecordIO',
    figures: { group: 'read', format: 'recordio' },
    about: FILE_BYTES,
    chart: 'reading-recordio',
    sizes: RECORD_SIZES,
    after: `\`sagemaker\` checks the magic number only; \`dd\` knows no records. ${STOPPED}`,
  },
  {
    title: 'Reading lines of text',
    figures: { group: 'read', format: 'textline' },
    about:
      'GB/s of file bytes (line feeds included) by length of the lines; uncompressed files in the page cache.',
    chart: 'reading-textline',
    sizes: RECORD_SIZES,
    after: `\`readline\` makes strings, everybody else bytes. ${STOPPED}`,
  },
  {
    title: 'Two files at once',
    figures: { group: 'several' },
    about: 'GB/s of file bytes, over two TFRecord files four times as large.',
    sizes: RECORD_SIZES,
  },
  {
    title: 'Writing TFRecord',
    figures: { group: 'write', format: 'tfrecord' },
    about: WRITTEN,
    chart: 'writing',
    sizes: RECORD_SIZES,
    after: '`vahidk` writes Examples only: each record goes in as the bytes feature of one.',
  },
  {
    title: 'Writing RecordIO',
    figures: { group: 'write', format: 'recordio' },
    about: WRITTEN,
    sizes: RECORD_SIZES,
    after: '`sagemaker` looks for no magic numbers in what it writes.',
  },
  {
    title: 'Writing lines of text',
    figures: { group: 'write', format: 'textline' },
    about: WRITTEN,
    sizes: RECORD_SIZES,
  },
  {
    title: 'Indexes',
    figures: { group: 'index' },
    about:
      'Making and reading the index of 10 million TFRecords of 100 bytes, and of 50 to 150 (`tfrecord2idx`: of 200,000 of them); getting records of 1 KB by index from 1 GiB in the page cache. ' +
      "vahidk's loader has no random access: it reads once over the file, or takes each record for a shard.",
  },
  ...[
    ['tfrecord', 'TFRecord'],
    ['recordio', 'RecordIO'],
    ['textline', 'lines of text'],
  ].map(([format, name]) => ({
    title: `Pipe mode: ${name}`,
    figures: { group: 'pipe', format },
    about:
      'GB/s of the bytes in the pipe by record size: epochs of a channel, `cat FILE > PIPE` writing for all, from the page cache.',
    ...(format !== 'textline' && { chart: `pipe-${format}` }),
    sizes: RECORD_SIZES,
    after: `\`cat\` knows no records. ${format === 'textline' ? '' : LEFT}`.trim(),
  })),
  {
    title: 'Pipe mode: channels',
    figures: { group: 'channels' },
    about:
      'What an epoch takes besides its records. Then 64 channels at once, four of which nobody writes to, and beside them calls of `fs.stat`: the longest of each round.',
  },
  ...S3_SECTIONS,
  ...STREAMING_SECTIONS,
  {
    title: 'Chains of operators',
    figures: { group: 'dataset' },
    about:
      'Elements per second of `map.batch(256).prefetch(2)`, over numbers and over a TFRecord file of 100-byte records, which all others take from `readTFRecords`. IxJS and RxJS read nothing ahead; RxJS pushes.',
  },
  {
    title: 'Memory',
    figures: { group: 'memory' },
    about: 'The most memory each process ever had in RAM.',
  },
  {
    title: 'Examples',
    figures: { group: 'example' },
    about:
      'Records per second of Examples that are in memory, all on one core: an image of 100 KB with labels; 20 scalars; 4,096 floats; 200 integers; 50 scalars of which 3 are wanted. ' +
      '`decode` makes everything, `parse` what is wanted, `parse_batch` and `parse_example` columns of 256 records (of images 64).',
    after:
      '`npm-tfrecord` is a static module of protobufjs 6, `protobufjs` what it compiles of types, `bufbuild` is `@bufbuild/protobuf`. TensorFlow is called through `tf.function`.',
  },
  {
    title: 'What is in the records',
    figures: { group: 'stats' },
    about: 'Image Examples of 100 KB in four shards: whole processes, from outside.',
  },
  {
    title: 'More than one machine',
    figures: { group: 'shards' },
    about:
      'Whole processes. A service lists 100,000 objects; reports are of 100 files each. Workers are kept on a core each; GB/s are of the bytes of records, uncompressed.',
  },
  {
    title: 'Whole processes',
    figures: { group: 'process' },
    about: 'From outside: starting, working, ending.',
  },
];
