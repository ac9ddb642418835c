import type {
  CountReport,
  DatasetStats,
  FileCount,
  FileReport,
  InputNotice,
  Interruption,
  KnownFile,
  RecordType,
  ReportTotals,
  ValidateReport,
} from 'recordpipe/check';
import type { ColumnSchema, ConvertTableResult } from 'recordpipe/columns';
import type { DatasetState } from 'recordpipe/dataset';
import type { ErrorJson } from 'recordpipe/errors';
import type { FormatName } from 'recordpipe/formats/names';
import type { FilterReport } from 'recordpipe/messages/filter';
import type { PipeModeState } from 'recordpipe/pipemode';
import type { ManifestProblem, ManifestReport } from 'recordpipe/pipemode/manifest';
import type { ChannelStatus, StreamCheckpoint, StreamEvent } from 'recordpipe/pipemode/streamer';
import type { TrainingPlan } from 'recordpipe/pipemode/train';
import type { ShardCommand, ShardReport, TotalReport } from 'recordpipe/scale';
import type { CacheListing, Removed } from 'recordpipe/storage';
import type {
  MergeResult,
  RepairResult,
  SampleResult,
  ShuffleResult,
  SplitByWeightsResult,
  SplitResult,
  TransformResult,
} from 'recordpipe/transform';
import type { UploadedFile, UploadReport } from 'recordpipe/upload';
import type { DoctorReport } from './commands/doctor.ts';
import type { MetricsDocument, OptionWarning, TrainLine } from './json-training.ts';

/**
 * The JSON documents that commands print and write, by the name of the schema in schema/output/.
 * `npm run docs:generate` writes the schemas from these types.
 */
export interface JsonDocuments {
  /**
   * Output of `recordpipe validate --json`, and the file that `recordpipe validate --report`
   * writes.
   */
  readonly validate: ValidateReport;
  /** A line of `recordpipe validate --jsonl`. */
  readonly 'validate-line': ValidateLine;
  /** Output of `recordpipe count --json`. */
  readonly count: CountReport;
  /** A line of `recordpipe count --jsonl`. */
  readonly 'count-line': CountLine;
  /** Output of `recordpipe inspect --json`. */
  readonly inspect: InspectDocument;
  /** A line of `recordpipe inspect --jsonl`. */
  readonly 'inspect-line': InspectedRecord;
  /** Output of `recordpipe stats --json`. */
  readonly stats: DatasetStats;
  /** Output of `recordpipe index --json`. */
  readonly index: IndexDocument;
  /** A line of `recordpipe index --jsonl`. */
  readonly 'index-line': IndexLine;
  /** Output of `recordpipe plan --json`. */
  readonly plan: PlanDocument;
  /**
   * A line of the file that `recordpipe plan` writes. The first line is the head, and the last line
   * is the end. The lines between them describe one file each.
   */
  readonly 'plan-line': PlanLine;
  /** The `--report` file of a command with `--shard`: the results of some shards. */
  readonly 'shard-report': ShardReportDocument;
  /** Output of `recordpipe merge` for shard reports: the results of all shards. */
  readonly 'total-report': TotalReportDocument;
  /**
   * Output of `recordpipe merge --json` for shard reports, if reports of some shards are missing.
   */
  readonly 'missing-shards': MissingShards;
  /** Output of `recordpipe convert --json`. */
  readonly convert: TransformResult | ConvertTableResult;
  /**
   * Output of `recordpipe repair --json`, and the file that `recordpipe repair --report` writes.
   */
  readonly repair: RepairResult | readonly RepairResult[];
  /** Output of `recordpipe split --json`. */
  readonly split: SplitResult | SplitByWeightsResult;
  /** Output of `recordpipe merge --json` for record files. */
  readonly merge: MergeResult;
  /** Output of `recordpipe shuffle --json`. */
  readonly shuffle: ShuffleResult;
  /** Output of `recordpipe sample --json`. */
  readonly sample: SampleResult;
  /** Output of `recordpipe upload --json`. */
  readonly upload: UploadReport;
  /** A line of `recordpipe upload --jsonl`. */
  readonly 'upload-line': UploadLine;
  /** Output of `recordpipe doctor --json`. */
  readonly doctor: DoctorReport;
  /** Output of `recordpipe cache ls --json`. */
  readonly 'cache-ls': CacheListing;
  /** Output of `recordpipe cache rm --json`. */
  readonly 'cache-rm': Removed;
  /** Output of `recordpipe manifest check --json`. */
  readonly 'manifest-check': ManifestReport;
  /** A line of `recordpipe manifest check --jsonl`. */
  readonly 'manifest-check-line': ManifestLine;
  /** A line of `recordpipe stream --json`. */
  readonly 'stream-event': StreamEvent | OptionWarning;
  /** The file `CHANNEL.status.json` that `recordpipe stream` writes next to the pipes. */
  readonly 'stream-status': ChannelStatus;
  /** The `--checkpoint` file of `recordpipe stream` and `recordpipe train`. */
  readonly 'stream-checkpoint': StreamCheckpoint;
  /** A line of `recordpipe train --json`. */
  readonly 'train-event': TrainLine;
  /** Output of `recordpipe train --dry-run --json`. */
  readonly 'train-plan': TrainingPlan;
  /** The file that `recordpipe train --metrics-out FILE.json` writes. */
  readonly 'train-metrics': MetricsDocument;
  /** A line on standard error if `RECORDPIPE_ERRORS=json` is set. */
  readonly 'error-line': ErrorLine;
  /**
   * The column schema that Parquet and Arrow files store in their metadata, under the key
   * `recordpipe`.
   */
  readonly 'column-schema': ColumnSchema;
  /** The result of `state()` on a DatasetIterator. `Dataset.resume` accepts this state. */
  readonly 'dataset-state': DatasetState;
  /**
   * The result of `state()` on a PipeModeDataset. `resume` and `recordpipe stream --resume` accept
   * this state.
   */
  readonly 'pipe-mode-state': PipeModeState;
}

/** A line of `validate --jsonl`. */
export type ValidateLine = ValidatedFile | ValidateSummary;

/** A file that has been checked. */
export interface ValidatedFile extends FileReport {
  /** Kind of the line. */
  readonly event: 'file';
}

/** The last line of `validate --jsonl`. */
export interface ValidateSummary {
  /** Kind of the line. */
  readonly event: 'summary';
  /** Whether every file was checked and is ok. */
  readonly ok: boolean;
  /** Totals over all files. */
  readonly totals: ReportTotals;
  /** Notices about the inputs. Omitted if a signal stopped the run. */
  readonly notices?: readonly InputNotice[];
  /** Present if a signal stopped the run. */
  readonly interrupted?: Interruption;
}

/** A line of `count --jsonl`. */
export type CountLine = CountedFile | CountSummary;

/** A file that has been counted. */
export interface CountedFile extends FileCount {
  /** Kind of the line. */
  readonly event: 'file';
}

/** The last line of `count --jsonl`. */
export interface CountSummary {
  /** Kind of the line. */
  readonly event: 'summary';
  /** Total number of records. */
  readonly records: number;
  /** Result of the `--where` filter. Omitted if no filter was specified. */
  readonly where?: FilterReport;
  /** Notices about the inputs. Omitted if a signal stopped the run. */
  readonly notices?: readonly InputNotice[];
  /** Present and true if a signal stopped the run. */
  readonly interrupted?: true;
  /** Number of files. Present if a signal stopped the run. */
  readonly files?: number;
  /** Number of counted files. Present if a signal stopped the run. */
  readonly filesDone?: number;
}

/** The records of a file. */
export interface InspectDocument {
  /** Path or address of the file; `<stdin>` for standard input. */
  readonly uri: string;
  /** Format of the file; null if the file could not be opened. */
  readonly format: FormatName | null;
  /** Compression of the whole file; null if the file could not be opened. */
  readonly compression: 'none' | 'gzip' | 'zlib' | null;
  /** The records, in file order. */
  readonly records: readonly InspectedRecord[];
  /** Damage that was found, and the failure that ended the output. */
  readonly errors: readonly ErrorJson[];
}

/** Position and size of a record, and the decoded content if `--decode` is set. */
export interface InspectedRecord {
  /** Zero-based index of the record. */
  readonly record: number;
  /** Zero-based offset of the record's first byte in the uncompressed bytes. */
  readonly offset: number;
  /** Size of the payload, in bytes. */
  readonly length: number;
  /** SHA-256 of the payload, in hexadecimal. Present only if `--hash` is set. */
  readonly sha256?: string;
  /** Number of parts of a multipart RecordIO record. Omitted for other records. */
  readonly parts?: number;
  /**
   * Type of the content. This field and the following fields are present only if `--decode` is set.
   */
  readonly type?: RecordType;
  /** A tf.train.Example in protobuf's JSON mapping. */
  readonly example?: unknown;
  /** A tf.train.SequenceExample in protobuf's JSON mapping. */
  readonly sequenceExample?: unknown;
  /** A tensorflow.serving.ExampleListWithContext in protobuf's JSON mapping. */
  readonly exampleListWithContext?: unknown;
  /** A TensorBoard event in protobuf's JSON mapping. */
  readonly event?: unknown;
  /** An aialgs.data.Record in protobuf's JSON mapping. */
  readonly sageMakerRecord?: unknown;
  /** An MXNet IRHeader, with the payload as base64. */
  readonly irHeader?: unknown;
  /** The record as text, if the record contains text. */
  readonly text?: string;
  /** Description of the content, if it is of any other type. */
  readonly description?: string;
}

/** The indexes of a run. */
export interface IndexDocument {
  /** Whether every index was written or matches its file. */
  readonly ok: boolean;
  /** One report per file. */
  readonly files: readonly IndexReport[];
}

/** The index of a file. */
export interface IndexReport {
  /** Path or address of the file. */
  readonly uri: string;
  /** Path or address of the index. */
  readonly index?: string;
  /** Kind of the index. */
  readonly kind?: string;
  /** Format of the file. */
  readonly format?: string;
  /** Number of records. */
  readonly records?: number;
  /** Size of the file, in bytes. */
  readonly bytes?: number;
  /** Outcome. `fits`: `--check` found no difference between the index and the file. */
  readonly status: 'written' | 'up-to-date' | 'fits' | 'failed';
  /** Reason why the index could not be written or does not match its file. */
  readonly error?: ErrorJson;
}

/** A line of `index --jsonl`. */
export type IndexLine = IndexedFile | IndexSummary;

/** A file whose index has been written or checked. */
export interface IndexedFile extends IndexReport {
  /** Kind of the line. */
  readonly event: 'file';
}

/** The last line of `index --jsonl`. */
export interface IndexSummary {
  /** Kind of the line. */
  readonly event: 'summary';
  /** Whether every index was written or matches its file. */
  readonly ok: boolean;
  /** Number of files. */
  readonly files: number;
  /** Number of files whose status is `failed`. */
  readonly bad: number;
}

/** Summary of a plan. */
export interface PlanDocument {
  /** Path or address of the plan. */
  readonly output: string;
  /** SHA-256 of the list of files in the plan, in hexadecimal. */
  readonly hash: string;
  /** Number of files. If `--cut` is set, the number of file parts. */
  readonly files: number;
  /** Total size, in bytes. */
  readonly bytes: number;
  /** Number of shards. Omitted if the plan does not specify a number. */
  readonly shards?: number;
}

/** A line of a plan. */
export type PlanLine = PlanHead | KnownFile | PlanEnd;

/** The first line of a plan. */
export interface PlanHead {
  /** Identifies the kind of document. */
  readonly recordpipe: 'plan';
  /** Version of this layout. */
  readonly version: 1;
  /** Number of shards. Omitted if each worker specifies the number. */
  readonly shards?: number;
}

/** The last line of a plan. */
export interface PlanEnd {
  /** Number of files or file parts. */
  readonly files: number;
  /** Total size, in bytes. */
  readonly bytes: number;
  /** SHA-256 of all lines that describe files, in hexadecimal. */
  readonly hash: string;
}

/** A shard report of any command. */
export type ShardReportDocument = { [C in ShardCommand]: ShardReport<C> }[ShardCommand];

/** A total report of any command. */
export type TotalReportDocument = { [C in ShardCommand]: TotalReport<C> }[ShardCommand];

/** Shards without a report. */
export interface MissingShards {
  /** Command of the reports. */
  readonly command: ShardCommand;
  /** Hash of the plan. */
  readonly plan: string;
  /** Total number of shards. */
  readonly shards: number;
  /** Numbers of the missing shards, in ascending order. */
  readonly missing: readonly number[];
  /** Numbers of the missing shards in the syntax of `sbatch --array`, such as `0-2,5`. */
  readonly array: string;
}

/** A line of `upload --jsonl`. */
export type UploadLine = FinishedUpload | UploadSummary;

/** A file that has been uploaded or rejected. */
export interface FinishedUpload extends UploadedFile {
  /** Kind of the line. */
  readonly event: 'file';
}

/** The last line of `upload --jsonl`. */
export interface UploadSummary extends Pick<UploadReport, 'ok' | 'totals' | 'manifest'> {
  /** Kind of the line. */
  readonly event: 'summary';
}

/** A line of `manifest check --jsonl`. */
export type ManifestLine = ManifestProblemLine | ManifestSummary;

/** A problem in a manifest. */
export interface ManifestProblemLine extends ManifestProblem {
  /** Kind of the line. */
  readonly event: 'problem';
}

/** The last line of `manifest check --jsonl`. */
export interface ManifestSummary extends Omit<ManifestReport, 'problems'> {
  /** Kind of the line. */
  readonly event: 'summary';
}

/** An error that ends a command, or that is related to one of its files. */
export interface ErrorLine {
  /** The error. */
  readonly error: CommandError;
}

/** An error and the suggested next step. */
export interface CommandError {
  /** One of the error codes, `out-of-memory`, or `internal-error` for a bug in recordpipe. */
  readonly code: string;
  /** File, URL or stream name; null if the failure is not related to a file or stream. */
  readonly uri: string | null;
  /** Zero-based index of the record; null if the failure has no location in a file. */
  readonly record: number | null;
  /** Zero-based offset of the record's first byte; null if the failure has no location in a file. */
  readonly offset: number | null;
  /** Human-readable description. */
  readonly message: string;
  /** Suggested next step; null if `message` already includes the next step. */
  readonly next: string | null;
}
