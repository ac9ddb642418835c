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
import { code, compression, datasetStats, format } from '../check/stats/stats-shape.ts';
import { hash, range } from './plan.ts';
import { MAX_SHARDS } from './shard.ts';
import type { DoneFile, PlanSummary, ShardCommand, ShardPart, ShardReport } from './shard-report.ts';

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
const doneFiles: Check = shape<{ readonly files: readonly DoneFile[] }>({ files: listOf(doneFile) }, {});

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

/** Checks the report of a shard from outside, whatever its command. @throws ShapeError */
export const shardReport: Check = (value, place) => {
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
