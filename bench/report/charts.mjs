/** The figures and colors of each chart. */

import { KERNEL_SIZES, RECORD_SIZES } from '../corpus.mjs';
import { sizeName } from '../statistics.mjs';
import { barChart } from './bar-chart.mjs';
import { lineChart } from './line-chart.mjs';

const BLUE = ['#0969da', '#4493f8'];
const CYAN = ['#0a9bb5', '#39c5cf'];
const VIOLET = ['#8250df', '#ab7df8'];
const ORANGE = ['#d4590b', '#f0883e'];
const AMBER = ['#b58300', '#d9a520'];
const RED = ['#cf222e', '#f85149'];
const GREEN = ['#1a7f37', '#3fb950'];
const PINK = ['#bf3989', '#db61a2'];
const GREY = ['#6e7781', '#9198a1'];

const line = (who, what, cores, name, colour) => ({ who, what, cores, name, colour });

const CHARTS = [
  {
    name: 'kernel',
    group: 'kernel',
    title: 'CRC32C by input size',
    xTitle: 'bytes per call',
    sizes: KERNEL_SIZES,
    height: 420,
    lines: [
      line('recordpipe', 'crc32c in kernel memory', 'one', 'recordpipe, in kernel memory', BLUE),
      line('recordpipe', 'crc32c', 'one', 'recordpipe crc32c()', CYAN),
      line('aws-crt', 'crc32c', 'one', 'aws-crt (native)', ORANGE),
      line('@node-rs/crc32', 'crc32c', 'one', '@node-rs/crc32 (native)', GREEN),
      line('crc-32', 'crc32c', 'one', 'crc-32 (JavaScript)', GREY),
    ],
  },
  {
    name: 'reading',
    group: 'read',
    format: 'tfrecord',
    title: 'Reading TFRecord files, page-cached, by record size',
    xTitle: 'bytes per record',
    sizes: RECORD_SIZES,
    height: 520,
    lines: [
      line('limit', 'dd, by its own clock', 'one', 'dd bs=1M (the limit)', GREY),
      line('recordpipe', 'validate', 'all', 'recordpipe validate', BLUE),
      line('recordpipe', 'batches, reuse', 'all', 'recordpipe batches', CYAN),
      line('recordpipe', 'views', 'all', 'recordpipe views', VIOLET),
      line('tensorflow', 'tf_record_iterator', 'one', 'tf_record_iterator (TensorFlow)', ORANGE),
      line('tensorflow', 'TFRecordDataset best', 'one', 'TFRecordDataset, batched (TensorFlow)', AMBER),
      line('tensorflow', 'TFRecordDataset', 'one', 'TFRecordDataset (TensorFlow)', RED),
      line('rust', 'BytesIter', 'one', 'tfrecord (Rust)', GREEN),
      line('vahidk', 'tfrecord_iterator', 'one', 'tfrecord (Python, unchecked)', PINK),
      line('npm-tfrecord', 'RecordReader', 'one', 'tfrecord (npm)', GREY),
    ],
  },
  {
    name: 'reading-recordio',
    group: 'read',
    format: 'recordio',
    title: 'Reading RecordIO files, page-cached, by record size',
    xTitle: 'bytes per record',
    sizes: RECORD_SIZES,
    height: 420,
    lines: [
      line('limit', 'dd, by its own clock', 'one', 'dd bs=1M (the limit)', GREY),
      line('recordpipe', 'validate', 'all', 'recordpipe validate', BLUE),
      line('recordpipe', 'batches, reuse', 'all', 'recordpipe batches', CYAN),
      line('recordpipe', 'views', 'all', 'recordpipe views', VIOLET),
      line('sagemaker', 'read_recordio', 'one', 'read_recordio (SageMaker SDK)', ORANGE),
      line('mxnet', 'MXRecordIO', 'one', 'MXRecordIO (MXNet)', GREEN),
    ],
  },
  {
    name: 'reading-textline',
    group: 'read',
    format: 'textline',
    title: 'Reading text lines, page-cached, by line length',
    xTitle: 'bytes per line',
    sizes: RECORD_SIZES,
    height: 460,
    lines: [
      line('limit', 'wc -l, by its own clock', 'one', 'wc -l (counts only)', GREY),
      line('recordpipe', 'count', 'all', 'recordpipe count', BLUE),
      line('recordpipe', 'batches, reuse', 'all', 'recordpipe batches', CYAN),
      line('recordpipe', 'views', 'all', 'recordpipe views', VIOLET),
      line('readline', 'readline', 'one', 'readline (Node)', GREEN),
      line('tensorflow', 'TextLineDataset best', 'one', 'TextLineDataset, batched (TensorFlow)', AMBER),
      line('tensorflow', 'TextLineDataset', 'one', 'TextLineDataset (TensorFlow)', RED),
    ],
  },
  {
    name: 'writing',
    group: 'write',
    format: 'tfrecord',
    title: 'Writing TFRecord files by record size',
    xTitle: 'bytes per record',
    sizes: RECORD_SIZES,
    height: 420,
    lines: [
      line('limit', 'writeSync, 1 MiB blocks', 'one', 'plain write, 1 MiB (the limit)', GREY),
      line('recordpipe', 'openTFRecordWriter', 'one', 'recordpipe', BLUE),
      line('tensorflow', 'TFRecordWriter', 'one', 'TFRecordWriter (TensorFlow)', ORANGE),
      line('rust', 'BytesWriter', 'one', 'tfrecord (Rust)', GREEN),
      line('vahidk', 'TFRecordWriter', 'one', 'tfrecord (Python)', PINK),
      line('npm-tfrecord', 'RecordWriter', 'one', 'tfrecord (npm)', GREY),
    ],
  },
  ...[
    ['tfrecord', 'TFRecord', []],
    [
      'recordio',
      'RecordIO',
      [line('sagemaker', 'read_recordio', 'all', 'read_recordio (SageMaker SDK)', GREEN)],
    ],
  ].map(([format, name, more]) => ({
    name: `pipe-${format}`,
    group: 'pipe',
    format,
    title: `${name} from a named pipe, by record size`,
    xTitle: 'bytes per record',
    sizes: RECORD_SIZES,
    height: 420,
    lines: [
      line('limit', 'cat', 'all', 'cat PIPE > /dev/null (the limit)', GREY),
      line('recordpipe', 'batches, reuse', 'all', 'recordpipe batches', CYAN),
      line('recordpipe', 'views', 'all', 'recordpipe views', VIOLET),
      line('original', 'batch(256)', 'all', 'original PipeModeDataset, batch(256)', ORANGE),
      line('original', 'one by one', 'all', 'original PipeModeDataset', RED),
      ...more,
    ],
  })),
];

/** A loader of images from disk and from S3, where its program or its way may be another one. */
const loader = (who, what, name, colour, s3 = { who, what }) => ({ at: [{ who, what }, s3], name, colour });
const copied = (who, what) => ({ who, what: `s5cmd cp, then ${what}` });

const BAR_CHARTS = [
  {
    name: 'images',
    unit: 'images/s',
    title: 'Loading ImageNet-like shards: images of 110 KB with labels, one process',
    note: '* copied from S3 by s5cmd first',
    panels: [
      ['images disk', 'from disk (page cache)'],
      ['images s3', 'from S3, round trip 20 ms'],
    ],
    rows: [
      loader('recordpipe', 'Dataset.shuffle.batch.prefetch', 'recordpipe Dataset', BLUE),
      loader('recordpipe', 'columns', 'recordpipe columns', CYAN),
      loader('recordpipe', 'views', 'recordpipe views', VIOLET),
      loader('tensorflow', 'TFRecordDataset.shuffle.batch.parse.prefetch', 'TensorFlow tf.data', ORANGE, {
        who: 'tensorflow-io',
        what: 'TFRecordDataset.shuffle.batch.parse.prefetch',
      }),
      loader('vahidk', 'tfrecord_loader', 'tfrecord (Python) *', PINK, copied('vahidk', 'tfrecord_loader')),
      loader(
        'npm-tfrecord',
        'createReader',
        'tfrecord (npm) *',
        GREY,
        copied('npm-tfrecord', 'createReader'),
      ),
      loader(
        'roboflow',
        'TFRecordsReader',
        '@roboflow/tfrecords *',
        GREY,
        copied('roboflow', 'TFRecordsReader'),
      ),
      loader('loaders', 'WebDataset', 'WebDataset', AMBER),
      loader('loaders', 'mosaicml-streaming', 'mosaicml-streaming', RED),
      loader('dali', 'DALI', 'DALI (CPU)', GREEN),
    ],
  },
  {
    name: 's3',
    unit: 'GB/s',
    title: 'One object of 512 MiB through a pipe, whole processes',
    panels: [
      ['s3 limited', '90 MiB/s per connection, as S3'],
      ['s3 unlimited', 'connections without a limit'],
    ],
    rows: [
      line('recordpipe', 'openObject', 'all', 'recordpipe', BLUE),
      line('recordpipe', 'openObject, single', 'all', 'recordpipe, single stream', CYAN),
      line('s5cmd', 'cat -c 10 -p 8', 'all', 's5cmd cat -c 10 -p 8', ORANGE),
      line('s5cmd', 'cat', 'all', 's5cmd cat', AMBER),
      line('aws', 's3 cp -', 'all', 'aws s3 cp -', RED),
      line('sdk', 'GetObject', 'all', 'AWS SDK for JavaScript', GREEN),
      line('undici', '8 ranges at once', 'all', 'undici, 8 ranges', VIOLET),
      line('curl', 'curl', 'all', 'curl', GREY),
    ],
  },
];

/**
 * @returns {{ name: string, svg: string }[]} charts with figures for at least two sizes, or for all
 *   conditions
 */
export function charts(results) {
  return [...lineCharts(results), ...barCharts(results)];
}

function barCharts({ machine, figures }) {
  return BAR_CHARTS.flatMap(({ name, unit, title, note, panels, rows }) => {
    const values = ({ who, what, at }) =>
      panels.map(([group], i) => {
        const wanted = at?.[i] ?? { who, what };
        const found = figures.find(
          (one) => one.group === group && one.who === wanted.who && one.what === wanted.what,
        );
        return found?.median;
      });
    const isOurs = ({ who, at }) => (who ?? at[0].who) === 'recordpipe';
    const drawn = rows
      .map((row) => ({ ...row, kind: isOurs(row) ? 'ours' : 'peer', values: values(row) }))
      .filter((row) => row.values.some((value) => value !== undefined));
    if (panels.some((_, i) => drawn.every((row) => row.values[i] === undefined))) return [];
    const subtitle = [unit, about(machine), ...(note ? [note] : [])].join(' · ');
    return [
      { name, svg: barChart({ title, subtitle, panels: panels.map(([, shown]) => shown), rows: drawn }) },
    ];
  });
}

function about({ cpu, node, date }) {
  return `${cpu}, Node ${node}, ${date.slice(0, 10)}`;
}

function lineCharts({ machine, figures }) {
  return CHARTS.flatMap(({ name, group, format, lines, sizes, ...rest }) => {
    const series = lines
      .map(({ colour, name: shown, ...wanted }) => ({
        name: shown,
        colour,
        kind: wanted.who === 'recordpipe' ? 'ours' : wanted.who === 'limit' ? 'limit' : 'peer',
        points: pointsOf(figures, { group, ...(format && { format }), ...wanted }),
      }))
      .filter(({ points }) => points.length > 0);
    const xs = sizes
      .filter((size) => series.some(({ points }) => points.some(({ x }) => x === size)))
      .map((size) => ({ value: size, name: sizeName(size).replace(' ', '\u00a0') }));
    if (xs.length < 2) return [];
    const subtitle = `GB/s, both axes logarithmic · ${about(machine)}`;
    return [{ name, svg: lineChart({ ...rest, subtitle, xs, series }) }];
  });
}

function pointsOf(figures, wanted) {
  return figures
    .filter((figure) => figure.median !== undefined)
    .filter((figure) => Object.entries(wanted).every(([key, value]) => figure[key] === value))
    .map(({ size, median }) => ({ x: size, y: median }))
    .sort((a, b) => a.x - b.x);
}
