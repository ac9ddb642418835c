import { abortable } from '../../bytes/abortable.ts';
import { isRecordpipeError, UsageError } from '../../errors.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { statObject } from '../../storage/stat-object.ts';
import { openStored } from '../../storage/stored-source.ts';
import { AugmentedCheck } from './check-augmented.ts';
import { checkList } from './check-list.ts';
import { type SourceLine, sourceLines } from './manifest-line.ts';
import type { ManifestReport } from './manifest-problem.ts';
import { ManifestNotes } from './manifest-problem.ts';

/** How a manifest is checked. Every field has a default; pass what differs. */
export interface CheckManifestOptions {
  /** Attributes that every line has to have, at most 16: AttributeNames of the job. Default: what the first line has, and a lack of it is a warning. */
  readonly attributes: readonly string[] | undefined;
  /** Whether each object that is named is asked for. Default false. */
  readonly headObjects: boolean;
  /** Problems kept in the report; all are counted. Default 100. */
  readonly maxProblems: number;
  /** The longest line of an augmented manifest that is not an error. Default 16 MiB. */
  readonly maxLineBytes: number;
  /** Which service, and as whom. */
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
}

const CHUNK_BYTES = 1024 * 1024;
const HEADS_AT_ONCE = 16;
const MAX_ATTRIBUTES = 16;

/**
 * Finds what is wrong with a manifest of SageMaker, each thing with line, column and what stands there. What begins with `[` is a ManifestFile, which is held as a whole; anything else an
 * AugmentedManifestFile, of which one line is held.
 *
 * @param source a path, an `s3://` address or `-`
 * @throws RecordpipeError what keeps it from being read: `not-found`, `object-missing`, `access-denied`, `io-failure`, `aborted`
 * @throws UsageError for more than 16 attributes, or names that are not 1 to 256 characters long
 * @example
 * ```ts
 * import { checkManifest } from 'recordpipe/pipemode/manifest';
 * import { writeFileSync } from 'node:fs';
 * writeFileSync('bad.manifest', "{'image-ref': 's3://bucket/cat.jpg'}\n");
 * const { ok, problems } = await checkManifest('bad.manifest');
 * console.log(ok, problems[0].code, problems[0].line, problems[0].column); // false single-quotes 1 2
 * ```
 */
export async function checkManifest(
  source: string,
  options: Partial<CheckManifestOptions> = {},
): Promise<ManifestReport> {
  const { attributes, headObjects = false, maxProblems = 100, maxLineBytes = 16 * 1024 * 1024 } = options;
  checkNames(attributes);
  const notes = new ManifestNotes(maxProblems);
  const check = new AugmentedCheck(notes, attributes, headObjects);
  const chunks = abortable(openStored(source, { chunkBytes: CHUNK_BYTES }, options).chunks, options.signal);
  let kind: ManifestReport['kind'] | undefined;
  const whole: SourceLine[] = [];
  async function* watched(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      kind ??= kindOf(chunk);
      yield chunk;
    }
  }
  // An array may well be one line.
  const limit = (): number => (kind === 'manifest' ? Number.POSITIVE_INFINITY : maxLineBytes);
  for await (const line of sourceLines(watched(), limit)) {
    if (kind === 'manifest') whole.push(line);
    else check.line(line, maxLineBytes);
  }
  let entries = check.entries;
  if (kind === 'manifest') {
    const text = whole
      .map(({ bytes, ended }) => Buffer.from(bytes).toString('utf8') + (ended ? '\n' : ''))
      .join('');
    entries = checkList(text, notes, headObjects ? check.refs : undefined);
  } else if (entries === 0) notes.error('empty-manifest', 1, '', 0, 'no line has attributes');
  if (headObjects) await checkObjects(check.refs, notes, options);
  return {
    uri: source === '-' ? '<stdin>' : source,
    kind: kind ?? 'augmented',
    ok: notes.errors === 0,
    entries,
    errorCount: notes.errors,
    warningCount: notes.warnings,
    problems: notes.first,
  };
}

function checkNames(attributes: readonly string[] | undefined): void {
  if (attributes === undefined) return;
  const fits =
    attributes.length >= 1 &&
    attributes.length <= MAX_ATTRIBUTES &&
    attributes.every((name) => name.length >= 1 && name.length <= 256);
  if (fits) return;
  throw new UsageError(
    `attributes: expected 1 to ${MAX_ATTRIBUTES} names of 1 to 256 characters, got ${JSON.stringify(attributes)}`,
  );
}

/** Undefined for bytes that are only white space. */
function kindOf(bytes: Uint8Array): ManifestReport['kind'] | undefined {
  const [sign] = Buffer.from(bytes.subarray(0, 4096))
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  return sign === undefined ? undefined : sign === '[' ? 'manifest' : 'augmented';
}

/** Asks for each object once. */
async function checkObjects(
  refs: ReadonlyMap<string, number>,
  notes: ManifestNotes,
  { objects, signal }: Partial<CheckManifestOptions>,
): Promise<void> {
  const queue = refs.entries();
  const lane = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const [uri, line] = next.value;
      try {
        await statObject(uri, { ...objects, signal });
      } catch (error) {
        if (!isRecordpipeError(error, 'object-missing', 'access-denied')) throw error;
        const what =
          error.code === 'object-missing' ? 'there is no such object' : 'the object may not be read';
        notes.error('missing-object', line, uri, 0, what);
      }
    }
  };
  await Promise.all(Array.from({ length: HEADS_AT_ONCE }, lane));
}
