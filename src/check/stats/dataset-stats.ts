import type { ErrorCode } from '../../errors.ts';
import { type FilterReport, mergeFilterReports } from '../../messages/filter/filter-report.ts';
import {
  both,
  comparePlaces,
  compareTexts,
  mergeFeatures,
  type NamedFeature,
  type RecordPlace,
} from './feature-stats.ts';
import { mergeSpreads, type Spread } from './log2.ts';
import type { RecordType } from './record-type.ts';
import { type ImageSample, mergeSamples } from './samples.ts';

/** Maximum number of features, and of feature lists. Those whose names sort first are kept. */
export const MAX_FEATURES = 4096;
/**
 * Maximum number of listed findings. The first ones by file and position are listed; all are
 * counted.
 */
export const MAX_FINDINGS = 100;

/** A file of the data set. */
export interface FileStats {
  /** Path or address of the file. */
  readonly uri: string;
  /** Format of the file; null if it is unknown. */
  readonly format: string | null;
  /** Compression of the whole file; null if it is unknown. */
  readonly compression: string | null;
  /** Number of valid records. */
  readonly records: number;
  /** Stored size of the file, in bytes. */
  readonly bytes: number;
  /** Number of findings. */
  readonly findings: number;
  /** Whether the file could not be read to its end. */
  readonly unreadable: boolean;
}

/** A problem found in a file. */
export interface StatsFinding {
  /** Path or address of the file. */
  readonly uri: string;
  /** Identifies the kind of failure. */
  readonly code: ErrorCode;
  /** Zero-based index of the record; null if the failure has no location in the file. */
  readonly record: number | null;
  /** Offset of the record; null if the failure has no location in the file. */
  readonly offset: number | null;
  /** Human-readable description. */
  readonly message: string;
}

/**
 * Number of records of each `RecordType`. Types that do not occur are omitted, except `example`,
 * `sequenceExample` and `other`.
 */
export interface MessageCounts {
  /** Number of tf.train.Examples. */
  readonly example: number;
  /** Number of records with feature lists. */
  readonly sequenceExample: number;
  /** Number of ExampleListWithContext messages. */
  readonly exampleListWithContext?: number;
  /** Number of TensorBoard events. */
  readonly event?: number;
  /** Number of aialgs.data.Record messages. */
  readonly record?: number;
  /** Number of records that start with an IRHeader. */
  readonly irHeader?: number;
  /** Number of records without named features: the sum of `text`, `protobuf` and `binary`. */
  readonly other: number;
  /** Number of records that are text. */
  readonly text?: number;
  /** Number of records that are other protobuf messages. */
  readonly protobuf?: number;
  /** Number of records that contain other binary data. */
  readonly binary?: number;
  /** Position and description of the first record counted in `other`. */
  readonly firstOther?: RecordPlace & {
    /** Description of the contents. */
    readonly why: string;
  };
}

/**
 * Returns the number of records with named features.
 *
 * @example
 * ```ts
 * import { recordsWithFeatures } from 'recordpipe/check';
 * console.log(recordsWithFeatures({ example: 2, sequenceExample: 1, other: 4 })); // 3
 * ```
 */
export function recordsWithFeatures(messages: MessageCounts): number {
  return WITH_FEATURES.reduce((sum, key) => sum + (messages[key] ?? 0), 0);
}

/**
 * Returns the number of records of each type that occurs, with the name of the type, in the order
 * of {@link MessageCounts}.
 *
 * @example
 * ```ts
 * import { messageCountTexts } from 'recordpipe/check';
 * console.log(messageCountTexts({ example: 2, sequenceExample: 0, other: 0 })); // [ { count: 2, name: 'Example' } ]
 * ```
 */
export function messageCountTexts(messages: MessageCounts): { count: number; name: string }[] {
  return [...WITH_FEATURES, ...WITHOUT_FEATURES].flatMap((key) => {
    const count = messages[key] ?? 0;
    return count === 0 ? [] : [{ count, name: COUNT_NAMES[key] }];
  });
}

const WITH_FEATURES = [
  'example',
  'sequenceExample',
  'exampleListWithContext',
  'event',
  'record',
  'irHeader',
] as const;
const WITHOUT_FEATURES = ['text', 'protobuf', 'binary'] as const;

/** Keys of the types in {@link MessageCounts}. */
export const COUNT_KEYS: Readonly<Record<RecordType, MessageCountKey>> = Object.freeze({
  Example: 'example',
  SequenceExample: 'sequenceExample',
  ExampleListWithContext: 'exampleListWithContext',
  Event: 'event',
  Record: 'record',
  IRHeader: 'irHeader',
  text: 'text',
  protobuf: 'protobuf',
  binary: 'binary',
});

const COUNT_NAMES: Readonly<Record<MessageCountKey, string>> = {
  example: 'Example',
  sequenceExample: 'SequenceExample',
  exampleListWithContext: 'ExampleListWithContext',
  event: 'Event',
  record: 'Record (recordio-protobuf)',
  irHeader: 'IRHeader',
  text: 'text',
  protobuf: 'protobuf of unknown type',
  binary: 'binary',
};

export type MessageCountKey = (typeof WITH_FEATURES)[number] | (typeof WITHOUT_FEATURES)[number];

/** Returns the counts with a fixed order of keys, because documents are compared byte for byte. */
export function messageCounts(
  counts: { readonly [key in MessageCountKey]?: number },
  firstOther: MessageCounts['firstOther'],
): MessageCounts {
  const found = (keys: readonly MessageCountKey[]): object =>
    Object.fromEntries(keys.flatMap((key) => (counts[key] ? [[key, counts[key]]] : [])));
  return {
    example: counts.example ?? 0,
    sequenceExample: counts.sequenceExample ?? 0,
    ...found(WITH_FEATURES.slice(2)),
    other: WITHOUT_FEATURES.reduce((sum, key) => sum + (counts[key] ?? 0), 0),
    ...found(WITHOUT_FEATURES),
    ...(firstOther && { firstOther }),
  };
}

/**
 * Statistics for a set of record files: the document that `recordpipe stats --json` prints.
 * `mergeStats` merges the documents of parts of a set, in any order. The result equals the document
 * of the whole set, byte for byte. Releases may add fields; `version` changes when the meaning of a
 * field changes.
 */
export interface DatasetStats {
  /** Version of this layout. */
  readonly version: 1;
  /** Files of the set, sorted by `uri`. */
  readonly files: readonly FileStats[];
  /** Number of valid records in all files. */
  readonly records: number;
  /** Number of payload bytes per valid record; missing if there are no records. */
  readonly recordBytes?: Spread;
  /** Total payload size, in bytes. */
  readonly payloadBytes: number;
  /** Number of records of each type. */
  readonly messages: MessageCounts;
  /**
   * Features of Examples and contexts, and the corresponding fields of other messages (see
   * `recordContent`). The features are sorted by name.
   */
  readonly features: readonly NamedFeature[];
  /** Feature lists, sorted by name. */
  readonly featureLists: readonly NamedFeature[];
  /** Whether the set has more than 4,096 features or feature lists. */
  readonly truncated: boolean;
  /** Total number of findings, and the first few findings. */
  readonly findings: {
    /** Number of all findings. */
    readonly count: number;
    /** The first findings, in the order of files and positions. */
    readonly first: readonly StatsFinding[];
  };
  /** Images sampled from the records. Empty unless samples were requested. */
  readonly samples: readonly ImageSample[];
  /**
   * Result of the `where` filter. Omitted if no filter was specified. `files` counts all records,
   * including records that the filter rejects.
   */
  readonly where?: FilterReport;
}

/** Statistics of an empty set of files, the starting point of a merge. */
export const NO_STATS: DatasetStats = Object.freeze({
  version: 1,
  files: [],
  records: 0,
  payloadBytes: 0,
  messages: { example: 0, sequenceExample: 0, other: 0 },
  features: [],
  featureLists: [],
  truncated: false,
  findings: { count: 0, first: [] },
  samples: [],
} satisfies DatasetStats);

/**
 * Merges two documents. The operation is associative and commutative, with {@link NO_STATS} as its
 * neutral element: regardless of how a set of files is divided and in what order the parts are
 * merged, the resulting JSON text is the same as that of one run over all files. No file may be in
 * both documents.
 *
 * @example
 * ```ts
 * import { mergeStats, NO_STATS } from 'recordpipe/check';
 * console.log(mergeStats(NO_STATS, NO_STATS).records); // 0
 * ```
 */
export function mergeStats(a: DatasetStats, b: DatasetStats): DatasetStats {
  const recordBytes = mergeSpreads(a.recordBytes, b.recordBytes);
  const [features, more] = mergeNamed(a.features, b.features);
  const [featureLists, moreLists] = mergeNamed(a.featureLists, b.featureLists);
  const where = both(a.where, b.where, mergeFilterReports);
  return {
    version: 1,
    files: [...a.files, ...b.files].sort((one, other) => compareTexts(one.uri, other.uri)),
    records: a.records + b.records,
    ...(recordBytes && { recordBytes }),
    payloadBytes: a.payloadBytes + b.payloadBytes,
    messages: mergeMessages(a.messages, b.messages),
    features,
    featureLists,
    truncated: a.truncated || b.truncated || more || moreLists,
    findings: {
      count: a.findings.count + b.findings.count,
      first: firstFindings([...a.findings.first, ...b.findings.first]),
    },
    samples: mergeSamples(a.samples, b.samples),
    ...(where && { where }),
  };
}

/**
 * Merges the statistics of many files as they arrive: those of records in pairs of about equal
 * size, and the lists of files and findings at the end, so that the time does not grow with the
 * square of the number of files.
 */
export class StatsMerger {
  /** Merged statistics of 2^i documents at index i, or undefined. */
  readonly #levels: (DatasetStats | undefined)[] = [];
  readonly #files: FileStats[] = [];
  #findings: StatsFinding[] = [];
  #findingCount = 0;

  add({ files, findings, ...records }: DatasetStats): void {
    for (const file of files) this.#files.push(file);
    this.#findingCount += findings.count;
    for (const finding of findings.first) this.#findings.push(finding);
    if (this.#findings.length > 10 * MAX_FINDINGS) this.#findings = firstFindings(this.#findings);
    if (records.records > 0) this.#addRecords({ ...NO_STATS, ...records });
  }

  /** Returns the merged statistics of all files. */
  merged(): DatasetStats {
    const records = this.#levels.reduce<DatasetStats>(
      (merged, level) => (level === undefined ? merged : mergeStats(level, merged)),
      NO_STATS,
    );
    return {
      ...records,
      files: this.#files.sort((one, other) => compareTexts(one.uri, other.uri)),
      findings: { count: this.#findingCount, first: firstFindings(this.#findings) },
    };
  }

  #addRecords(stats: DatasetStats): void {
    let merged = stats;
    let level = 0;
    for (let other = this.#levels[0]; other !== undefined; other = this.#levels[level]) {
      merged = mergeStats(other, merged);
      this.#levels[level++] = undefined;
    }
    this.#levels[level] = merged;
  }
}

function firstFindings(findings: readonly StatsFinding[]): StatsFinding[] {
  return [...findings].sort(compareFindings).slice(0, MAX_FINDINGS);
}

export function compareFindings(a: StatsFinding, b: StatsFinding): number {
  return (
    compareTexts(a.uri, b.uri) ||
    (a.offset ?? -1) - (b.offset ?? -1) ||
    compareTexts(a.code, b.code) ||
    compareTexts(a.message, b.message)
  );
}

function mergeMessages(a: MessageCounts, b: MessageCounts): MessageCounts {
  const firstOther = both(a.firstOther, b.firstOther, (one, other) =>
    comparePlaces(one, other) <= 0 ? one : other,
  );
  const counts = Object.fromEntries(
    [...WITH_FEATURES, ...WITHOUT_FEATURES].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]),
  );
  return messageCounts(counts, firstOther);
}

/**
 * Merges two lists and keeps the names that sort first. A name in the final result was also kept in
 * every part.
 */
function mergeNamed(
  a: readonly NamedFeature[],
  b: readonly NamedFeature[],
): [merged: NamedFeature[], truncated: boolean] {
  const found = new Map(a.map((feature) => [feature.name, feature]));
  for (const feature of b) {
    const known = found.get(feature.name);
    found.set(feature.name, known ? { name: feature.name, ...mergeFeatures(known, feature) } : feature);
  }
  const names = [...found.keys()].sort();
  const kept = names.slice(0, MAX_FEATURES);
  return [kept.map((name) => found.get(name)!), kept.length < names.length];
}
