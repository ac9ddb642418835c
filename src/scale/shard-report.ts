import type {
  CheckedFile,
  FileSchemaReport,
  FileWarning,
  Finding,
  UnlistedFeature,
} from '../check/file-report.ts';
import {
  type Check,
  count,
  finite,
  flag,
  integer,
  like,
  listOf,
  mapOf,
  oneOf,
  orNull,
  shape,
  text,
} from '../check/json-shape.ts';
import type { SchemaViolation } from '../check/schema/violations.ts';
import type { DatasetStats } from '../check/stats/dataset-stats.ts';
import { code, compression, datasetStats, format } from '../check/stats/stats-shape.ts';
import { UsageError } from '../errors.ts';
import { hash, range, type ShardPlan } from './plan.ts';
import { checkShards, MAX_SHARDS, type Shard } from './shard.ts';

/** Output that a command wrote for a file. */
export interface DoneFile {
  /** Path or address of the file. */
  readonly uri: string;
  /** Path or address of the output; omitted if no output was written. */
  readonly output?: string;
  /** Number of records. */
  readonly records?: number;
  /** Size of the output, in bytes. */
  readonly bytes?: number;
  /** Reason why the command failed for this file. */
  readonly error?: {
    /** Identifies the kind of failure. */
    readonly code: string;
    /** Human-readable description. */
    readonly message: string;
  };
}

/** The outputs that a command wrote. */
export interface DoneFiles {
  /** The outputs, in plan order. */
  readonly files: readonly DoneFile[];
}

/**
 * Results of a shard, by command. They contain nothing that varies between runs, so that a rerun
 * shard writes the same bytes.
 */
export interface ShardResults {
  /** Reports of the files. */
  readonly validate: {
    /** Reports of the files. */
    readonly files: readonly CheckedFile[];
  };
  /** Statistics of the files. */
  readonly stats: DatasetStats;
  /** Statistics of the files. The schema is inferred when all shards are merged. */
  readonly schema: DatasetStats;
  /** Indexes that were written. */
  readonly index: DoneFiles;
  /** Files that were written. */
  readonly convert: DoneFiles;
}

/** Commands whose work can be divided among shards. */
export type ShardCommand = keyof ShardResults;

/** Values of the options that affect the results. */
export type ShardSettings = Readonly<Record<string, string | number | boolean>>;

/** Results of one shard. */
export interface ShardPart<C extends ShardCommand = ShardCommand> {
  /** Zero-based shard number. */
  readonly shard: number;
  /** Results of the command. */
  readonly result: ShardResults[C];
}

/** The plan to which a report refers. */
export interface PlanSummary {
  /** SHA-256 of the list of files in the plan, in hexadecimal. */
  readonly hash: string;
  /** Number of files or file parts. */
  readonly files: number;
  /** Total size, in bytes. */
  readonly bytes: number;
}

/**
 * Results of one or more shards. Workers write such reports, and `mergeReports` merges them. Fields
 * may be added; `version` changes when the meaning of a field changes.
 */
export interface ShardReport<C extends ShardCommand = ShardCommand> {
  /** Identifies the kind of document. */
  readonly recordpipe: 'shard-report';
  /** Version of this layout. */
  readonly version: 1;
  /** The command. */
  readonly command: C;
  /** The plan. */
  readonly plan: PlanSummary;
  /** Total number of shards. */
  readonly shards: number;
  /** Options that affect the results. */
  readonly settings: ShardSettings;
  /** Shards in this report, sorted by number. */
  readonly parts: readonly ShardPart<C>[];
}

/**
 * Builds the report of one shard.
 *
 * @param result results, with files in plan order
 * @param settings options that affect the results; reports with different settings cannot be merged
 * @throws UsageError for a shard number that is out of range
 * @example see `mergeReports`
 */
export function shardReport<C extends ShardCommand>(
  command: C,
  { hash, files, bytes }: ShardPlan,
  { shard, shards }: Shard,
  result: ShardResults[C],
  settings: ShardSettings = {},
): ShardReport<C> {
  checkShards(shards);
  if (!(Number.isSafeInteger(shard) && shard >= 0 && shard < shards))
    throw new UsageError(`shard: expected an integer from 0 to ${shards - 1}, got ${shard}`);
  const entries = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    recordpipe: 'shard-report',
    version: 1,
    command,
    plan: { hash, files: files.length, bytes },
    shards,
    settings: Object.fromEntries(entries),
    parts: [{ shard, result }],
  };
}

/**
 * Returns a file name that is unique to the command, plan and shard, such as
 * `validate-0123456789ab-00003-of-00008.json`.
 */
export function reportName({ command, plan, shards, parts }: ShardReport): string {
  const number = (value: number): string => String(value).padStart(5, '0');
  return `${command}-${plan.hash.slice(0, 12)}-${parts.map(({ shard }) => number(shard)).join('-')}-of-${number(shards)}.json`;
}

/**
 * Returns the numbers of the shards without a report, in ascending order.
 * @throws UsageError for more than 100,000 shards
 */
export function missingShards({ shards, parts }: Pick<ShardReport, 'shards' | 'parts'>): number[] {
  checkShards(shards);
  const present = new Set(parts.map(({ shard }) => shard));
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !present.has(shard));
}

const finding: Check = shape<Finding>(
  {
    name: like(/^\w{1,64}$/, 'the name of an error'),
    code,
    uri: orNull(text),
    record: orNull(count),
    offset: orNull(count),
    message: text,
  },
  {},
);
const warning: Check = shape<FileWarning>({ code, message: text }, {});
const violation: Check = shape<SchemaViolation>(
  {
    rule: code,
    feature: orNull(text),
    isList: flag,
    count,
    record: count,
    offset: count,
    message: text,
  },
  {},
);
const unlisted: Check = shape<UnlistedFeature>({ feature: text, isList: flag, type: code }, {});
const checkedFile: Check = shape<CheckedFile>(
  {
    uri: text,
    format,
    compression,
    ok: flag,
    records: count,
    bytes: count,
    errors: listOf(finding),
    errorCount: count,
    unreadable: flag,
    warnings: listOf(warning),
  },
  {
    stoppedAt: count,
    range,
    schema: shape<FileSchemaReport>({ violations: listOf(violation), unlisted: listOf(unlisted) }, {}),
  },
);
const doneFile: Check = shape<DoneFile>(
  { uri: text },
  {
    output: text,
    records: count,
    bytes: count,
    error: shape<NonNullable<DoneFile['error']>>({ code, message: text }, {}),
  },
);
const doneFiles: Check = shape<DoneFiles>({ files: listOf(doneFile) }, {});

const RESULTS: { readonly [C in ShardCommand]: Check } = {
  validate: shape<{ readonly files: readonly CheckedFile[] }>({ files: listOf(checkedFile) }, {}),
  stats: datasetStats,
  schema: datasetStats,
  index: doneFiles,
  convert: doneFiles,
};

const setting: Check = (value, place) => {
  if (typeof value === 'number') finite(value, place);
  else if (typeof value !== 'string') flag(value, place);
};

/** Validates an untrusted shard report of any command. @throws ShapeError */
export const shardReportShape: Check = (value, place) => {
  const command = (value as { command?: unknown } | null)?.command;
  oneOf(...Object.keys(RESULTS))(command, 'command');
  const part = shape<ShardPart>(
    { shard: integer(0, MAX_SHARDS - 1), result: RESULTS[command as ShardCommand] },
    {},
  );
  shape<ShardReport>(
    {
      recordpipe: oneOf('shard-report'),
      version: oneOf(1),
      command: text,
      plan: shape<PlanSummary>({ hash, files: count, bytes: count }, {}),
      shards: integer(1, MAX_SHARDS),
      settings: mapOf(setting),
      parts: listOf(part, MAX_SHARDS),
    },
    {},
  )(value, place);
};
