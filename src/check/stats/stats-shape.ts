import type { FilterReport } from '../../messages/filter/filter-report.ts';
import { IMAGE_KINDS } from '../../messages/image-header.ts';
import {
  type Check,
  count,
  finite,
  flag,
  int64,
  integer,
  like,
  listOf,
  object,
  oneOf,
  orNull,
  shape,
  text,
  wrong,
} from '../json-shape.ts';
import type { BytesStats, ImageStats } from './bytes-stats.ts';
import type { DatasetStats, FileStats, MessageCounts, StatsFinding } from './dataset-stats.ts';
import { MAX_FEATURES, MAX_FINDINGS } from './dataset-stats.ts';
import { MAX_DISTINCT, type ValueCount } from './distinct-values.ts';
import {
  type FeatureKind,
  KINDS,
  type KindStats,
  type NamedFeature,
  type RecordPlace,
} from './feature-stats.ts';
import type { SignedLog2, Spread } from './log2.ts';
import type { FloatStats, Int64Stats } from './number-stats.ts';
import { type ImageSample, MAX_SAMPLE_BYTES, MAX_SAMPLES, SHOWN } from './samples.ts';

// Each interface of the document has a check with the same keys, so that the compiler reports a
// check that is out of date.

/** Accepts error codes, including those of newer versions, but nothing that could be markup. */
export const code: Check = like(/^[a-z][a-z0-9-]{0,63}$/, 'an error code');
export const format: Check = orNull(oneOf('tfrecord', 'recordio', 'textline'));
export const compression: Check = orNull(oneOf('none', 'gzip', 'zlib'));

const place: Check = shape<RecordPlace>({ uri: text, record: count, offset: count }, {});
const spread: Check = shape<Spread>({ min: count, max: count, log2: listOf(count, 64) }, {});

const exponents: Check = listOf((pair, at) => {
  if (!Array.isArray(pair) || pair.length !== 2) wrong(at, '[exponent, count]', pair);
  const [exponent, counted] = pair as unknown[];
  integer(-1100, 1100)(exponent, `${at}[0]`);
  count(counted, `${at}[1]`);
}, 2200);
const signedLog2: Check = shape<SignedLog2>({ negative: exponents, zeros: count, positive: exponents }, {});

const valueCount: Check = shape<ValueCount>(
  {
    value: (value, at) => {
      if (typeof value !== 'string') finite(value, at);
    },
    count,
  },
  { base64: oneOf(true) },
);
const distinct: Check = orNull(listOf(valueCount, MAX_DISTINCT));

const int64Stats: Check = shape<Int64Stats>(
  { values: count, min: int64, max: int64, log2: signedLog2, distinct },
  {},
);
const floatStats: Check = shape<FloatStats>(
  {
    values: count,
    min: orNull(finite),
    max: orNull(finite),
    nan: count,
    positiveInfinity: count,
    negativeInfinity: count,
    log2: signedLog2,
  },
  { distinct },
);
const images: Check = shape<ImageStats>({ values: count }, { width: spread, height: spread });
const bytesStats: Check = shape<BytesStats>(
  {
    values: count,
    total: count,
    length: spread,
    text: count,
    images: object(Object.fromEntries(IMAGE_KINDS.map((kind) => [kind, images])), []),
    distinct,
  },
  {},
);

const kind: Check = shape<KindStats>({ count, first: place }, {});
const kinds: Readonly<Partial<Record<FeatureKind, Check>>> = Object.fromEntries(
  KINDS.map((name) => [name, kind]),
);
const feature: Check = shape<NamedFeature>(
  { name: text, records: count, kinds: object(kinds, []) },
  { length: spread, int64: int64Stats, float: floatStats, bytes: bytesStats, steps: spread },
);

const file: Check = shape<FileStats>(
  {
    uri: text,
    format,
    compression,
    records: count,
    bytes: count,
    findings: count,
    unreadable: flag,
  },
  {},
);
const finding: Check = shape<StatsFinding>(
  { uri: text, code, record: orNull(count), offset: orNull(count), message: text },
  {},
);
const where: Check = shape<FilterReport>(
  { expression: text, tested: count, matched: count, missing: listOf(text) },
  {},
);
const firstOther: Check = shape<RecordPlace & { readonly why: string }>(
  { uri: text, record: count, offset: count, why: text },
  {},
);
const messages: Check = shape<MessageCounts>(
  { example: count, sequenceExample: count, other: count },
  {
    exampleListWithContext: count,
    event: count,
    record: count,
    irHeader: count,
    text: count,
    protobuf: count,
    binary: count,
    firstOther,
  },
);

const base64 = like(/^[A-Za-z0-9+/]*={0,2}$/, 'base64');
const sample: Check = shape<ImageSample>(
  {
    feature: text,
    uri: text,
    record: count,
    offset: count,
    kind: oneOf(...SHOWN),
    width: count,
    height: count,
    base64: (value, at) => {
      base64(value, at);
      if ((value as string).length > 2 * MAX_SAMPLE_BYTES) wrong(at, 'a small image', value);
    },
  },
  { label: text },
);

/** Checks a {@link DatasetStats} that was read from a file. */
export const datasetStats: Check = shape<DatasetStats>(
  {
    version: oneOf(1),
    files: listOf(file),
    records: count,
    payloadBytes: count,
    messages,
    features: listOf(feature, MAX_FEATURES),
    featureLists: listOf(feature, MAX_FEATURES),
    truncated: flag,
    findings: shape<DatasetStats['findings']>({ count, first: listOf(finding, MAX_FINDINGS) }, {}),
    samples: listOf(sample, MAX_SAMPLES),
  },
  { recordBytes: spread, where },
);
