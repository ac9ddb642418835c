import { stat } from 'node:fs/promises';
import { asObjectUri, isObjectUri } from '../bytes/object-uri.ts';
import { RecordpipeError } from '../errors.ts';
import { writeWhole } from '../files/write-whole.ts';
import { readTextLines } from '../records/textline/read-textlines.ts';
import type { Reaching } from '../report/expand-inputs.ts';
import { refuseSameFile } from '../transform/same-file.ts';
import type { ShardPlan } from './plan.ts';
import { PlanReader, planLines } from './plan-lines.ts';

/** How a plan is written. Every field has a default; pass what differs. */
export interface PlanWriteOptions extends Reaching {
  /** Whether a file of that name is replaced. Default false: it is an `already-exists` error. */
  readonly overwrite: boolean;
}

/** Lines that are written together. */
const PIECE_CHARACTERS = 256 * 1024;

/**
 * Writes a plan as JSON Lines: what it is, a line per file, and how many there are with the hash of their lines, so that a plan that was cut short is known as one. A name that
 * ends in `.gz` is compressed.
 *
 * @param output a path or `s3://bucket/key`; `-` for standard output
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `retries-exhausted`, `io-failure`, `aborted`;
 * `unsupported-source` if the output is a file of the plan
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { planShards, readPlan, writePlan } from 'recordpipe/shards';
 * writeFileSync('a.tfrecord', '');
 * const plan = await planShards('a.tfrecord');
 * await writePlan(plan, 'plan.jsonl');
 * console.log((await readPlan('plan.jsonl')).hash === plan.hash); // true
 * ```
 */
export async function writePlan(
  plan: ShardPlan,
  output: string,
  { overwrite = false, objects, signal }: Partial<PlanWriteOptions> = {},
): Promise<void> {
  if (overwrite && output !== '-') await refuseListedFile(plan, output);
  const compression = output.endsWith('.gz') ? 'gzip' : 'none';
  await writeWhole(output, pieces(plan), { overwrite, compression, objects, signal });
}

/** Compares only files of the size of the output: a plan may list a million. */
async function refuseListedFile({ files }: ShardPlan, output: string): Promise<void> {
  const size = isObjectUri(output) ? undefined : (await stat(output).catch(() => undefined))?.size;
  const candidates = size === undefined ? files : files.filter((file) => file.size === size);
  await refuseSameFile(
    candidates.map(({ uri }) => uri),
    output,
  );
}

function* pieces(plan: ShardPlan): Iterable<Uint8Array> {
  let piece = '';
  for (const line of planLines(plan)) {
    piece += line;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

/**
 * Reads a plan that `writePlan` has written, line by line.
 *
 * @param input a path or `s3://bucket/key`, also compressed; `-` for standard input
 * @throws RecordpipeError `malformed-plan` for what is no plan, or not all of one; `not-found`, `object-missing`, `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 * @example see `writePlan`
 */
export async function readPlan(input: string, { objects, signal }: Reaching = {}): Promise<ShardPlan> {
  const reader = new PlanReader(input === '-' ? '<stdin>' : input);
  const source = isObjectUri(input) ? asObjectUri(input) : input;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const line of readTextLines(source, { reuse: true, objects, signal })) reader.add(text(line));
  return reader.plan();

  function text(line: Uint8Array): string {
    try {
      return decoder.decode(line);
    } catch (error) {
      throw new RecordpipeError('malformed-plan', 'it is no text in UTF-8', { uri: input }, error);
    }
  }
}
