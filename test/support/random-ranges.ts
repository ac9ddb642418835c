import type { FileTask } from '../../src/check/file-checker.ts';
import type { RecordSchema } from '../../src/check/schema/schema.ts';
import { Random } from './random.ts';
import {
  compareRanges,
  damagedAtCuts,
  type RangedFormat,
  type RangedOutcome,
  randomFile,
} from './range-run.ts';

/** A schema that some of the records violate. */
const schema: RecordSchema = {
  recordpipeSchema: 1,
  message: 'Example',
  features: {
    label: { type: 'int64', required: true, length: { min: 1, max: 1 }, range: { max: 3 } },
    name: { type: 'bytes', utf8: true },
  },
  unknownFeatures: 'allow',
};

/** Returns a random task for a format. */
function randomTask(random: Random, format: RangedFormat): FileTask {
  const check = random.pick(['validate', 'validate', 'count'] as const);
  const general = {
    format: random.pick([format, 'auto'] as const),
    ...random.pick([{}, {}, { recover: 'scan' as const }]),
    ...random.pick([{}, { onTruncated: 'stop' as const }]),
    ...random.pick([{}, { trailing: 'zeros-ok' as const }, { trailing: 'ignore' as const }]),
    ...random.pick([{}, {}, { maxRecordBytes: 300 }, { maxRecordBytes: 5000 }]),
  };
  const own = {
    tfrecord: random.pick([{}, { payloadCrc: 'smdebug' as const }]),
    recordio: {
      ...random.pick([{}, { multipart: 'concat' as const }, { multipart: 'error' as const }]),
      ...random.pick([{}, { lenientFlags: true }]),
      ...random.pick([{}, { strictPadding: false }]),
    },
    textline: {
      ...random.pick([{}, { cr: 'all' as const }, { cr: 'keep' as const }]),
      ...random.pick([{}, { skipBlank: true }]),
      ...random.pick([{}, { encoding: 'utf8' }, { encoding: 'utf8', fatal: true }]),
      ...random.pick([{}, { delimiter: ' ' }]),
    },
  }[format];
  const look = random.pick([undefined, undefined, { stats: { samples: random.below(2) === 0 } }, { schema }]);
  return {
    check,
    blocking: true,
    maxErrors: random.pick([0, 1, 2, 100]),
    // Damage at the beginning may change the results of detection.
    reading: { ...general, ...own, format, compression: 'none' },
    ...(check === 'validate' && look && { look }),
  };
}

/** Checks one random file, determined by `seed`, in ranges and from beginning to end. */
export async function compareOnce(path: string, seed: number, format: RangedFormat): Promise<RangedOutcome> {
  const { bytes, task, rangeBytes, label } = randomCase(seed, format);
  return compareRanges(path, bytes, format, task, rangeBytes, label);
}

/** A file, and how to check it. */
export interface RangeCase {
  readonly bytes: Uint8Array;
  readonly task: FileTask;
  readonly rangeBytes: number;
  readonly label: string;
}

/** Returns a random file with damage at its cuts, determined by `seed`. */
export function randomCase(seed: number, format: RangedFormat): RangeCase {
  const random = new Random(seed);
  // Ranges of several chunks, or much smaller ones.
  const rangeBytes = seed % 100 === 99 ? 1_300_000 : random.pick([128, 400, 1024, 4096]);
  const file = randomFile(random, format, rangeBytes * (2 + random.below(rangeBytes > 10_000 ? 2 : 10)));
  const bytes = damagedAtCuts(random, file, rangeBytes);
  const task = randomTask(random, format);
  const label = `seed ${seed}, ${format}, ranges of ${rangeBytes}, ${JSON.stringify(task)}`;
  return { bytes, task, rangeBytes, label };
}
