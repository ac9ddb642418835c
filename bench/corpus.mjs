/**
 * All benchmark cases by name. `npm run bench -- REGEXP` runs the cases whose names match. Cases of
 * the same group and size are measured together, in the same rounds.
 */

export const RECORD_SIZES = [100, 1000, 10_000, 100_000];
export const KERNEL_SIZES = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 4_194_304];

const SHORT = { 100: '100B', 1000: '1KB', 10000: '10KB', 100000: '100KB' };

/** The read cases of each format. */
const READ_CASES = {
  tfrecord: ['validate', 'batches', 'views'],
  recordio: ['validate', 'count', 'batches', 'views'],
  textline: ['validate', 'count', 'batches', 'views'],
};

/** The kinds of Examples to decode (examples.mjs). */
const EXAMPLES = ['image', 'scalars', 'embedding', 'ids', 'three of fifty'];

/** The cases against an object store. */
const S3 = ['limited', 'unlimited', 'validate', 'small objects', 'stopped reader', 'outage'];

/** The cases of the streamer. */
const STREAMING = ['file', 's3 limited', 's3 unlimited', 'manifest', 'first bytes', 'channels'];

/** Where the images of the headline cases are. */
const IMAGES = ['disk', 's3'];

/** The cases of whole processes on files. */
const FILES = ['one large', 'many small'];

/** The cases of datasets of records. */
const DATASETS = ['peers', 'state', 's3'];

/** The cases of record files as tables. */
const COLUMNS = ['convert', 'where', 'python'];

/** The cases of scaling out: plans, merged reports, workers. */
const SHARDS = ['plan', 'merge', 'workers'];

/**
 * @typedef {{ name: string, group: 'kernel' | 'read' | 'write' | 'several' | 'index' | 'pipe' |
 *   'dataset' | 'datasets' | 's3' | 'stream' | 'train' | 'channels' | 'memory' | 'process' | 'example' | 'columns' | 'stats' |
 *   'shards' | 'images' | 'files', format?: string, size?: number, what: string }} Case
 * @param {{ full: boolean }} options full: run the memory cases on files of 10 GiB instead of 256
 *   MiB
 * @returns {Case[]}
 */
export function corpus({ full }) {
  const records = (format, what, group) =>
    RECORD_SIZES.map((size) => ({ name: `${format}/${what}/${SHORT[size]}`, group, format, size, what }));
  const [file, huge] = full ? ['10GiB', '2GiB'] : ['256MiB', '256MiB'];
  return [
    ...IMAGES.map((what) => ({ name: `images/${what}`, group: 'images', what })),
    ...KERNEL_SIZES.map((size) => ({ name: `kernel/${size}`, group: 'kernel', size, what: 'crc32c' })),
    ...Object.entries(READ_CASES).flatMap(([format, whats]) => [
      ...whats.flatMap((what) => records(format, what, 'read')),
      ...records(format, 'write', 'write'),
    ]),
    ...records('tfrecord', 'two-files', 'several'),
    ...Object.keys(READ_CASES).flatMap((format) => records(format, 'pipe', 'pipe')),
    ...FILES.map((what) => ({ name: `files/${what.replace(' ', '-')}`, group: 'files', what })),
    { name: 'index/make-10M-100B', group: 'index', format: 'tfrecord', size: 100, what: 'make' },
    { name: 'index/get-1GiB-1KB', group: 'index', format: 'tfrecord', size: 1000, what: 'get' },
    { name: 'pipe/epoch', group: 'channels', what: 'epoch' },
    { name: 'pipe/64-channels', group: 'channels', what: '64 channels' },
    ...S3.map((what) => ({ name: `s3/${what.replace(' ', '-')}`, group: 's3', what })),
    ...STREAMING.map((what) => ({ name: `stream/${what.replace(' ', '-')}`, group: 'stream', what })),
    { name: 'train/first-batch-fit', group: 'train', what: 'fit' },
    { name: 'train/first-batch-dataset', group: 'train', what: 'iterate' },
    { name: 'dataset/numbers', group: 'dataset', what: 'numbers' },
    { name: 'dataset/records-100B', group: 'dataset', format: 'tfrecord', size: 100, what: 'records' },
    ...DATASETS.map((what) => ({ name: `datasets/${what}`, group: 'datasets', what })),
    ...EXAMPLES.map((what) => ({ name: `example/${what.replaceAll(' ', '-')}`, group: 'example', what })),
    ...COLUMNS.map((what) => ({ name: `columns/${what}`, group: 'columns', what })),
    { name: 'stats/html', group: 'stats', what: 'stats --html' },
    ...SHARDS.map((what) => ({ name: `shards/${what}`, group: 'shards', what })),
    { name: 'cli/help', group: 'process', what: 'help' },
    { name: 'cli/validate-1MB', group: 'process', what: 'validate-1MB' },
    { name: `memory/validate-${file}-100B`, group: 'memory', what: 'small records' },
    { name: `memory/validate-${file}-${huge}`, group: 'memory', what: 'huge records' },
    { name: 'memory/shuffle-640MiB-in-64MiB', group: 'memory', what: 'shuffle' },
  ];
}
