import { abortable } from '../../bytes/abortable.ts';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { isRecordpipeError, UsageError } from '../../errors.ts';
import { statObject } from '../../storage/inspect.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { openStored } from '../../storage/stored-source.ts';
import { LineChecks, type ManifestProblem, Problems } from './check-lines.ts';
import { attributeNamesMistake, LineSplitter } from './manifest-lines.ts';
import { LinePositions, type ManifestListMistake, visitManifestList } from './manifest-list.ts';

/** Options for {@link checkManifest}. Every field has a default. */
export interface CheckManifestOptions {
  /**
   * The 1 to 16 attributes that every line must have: the AttributeNames of the job. By default, a
   * line that lacks an attribute of the first line causes a warning.
   */
  readonly attributes: readonly string[] | undefined;
  /** Whether to check that each object exists. The default is false. */
  readonly headObjects: boolean;
  /**
   * Maximum number of problems listed in the report. All problems are counted. The default is 100.
   */
  readonly maxProblems: number;
  /** Maximum length of a line of an augmented manifest, in bytes. The default is 16 MiB. */
  readonly maxLineBytes: number;
  /** Options for accessing objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Aborts the operation. */
  readonly signal: AbortSignal | undefined;
}

/** The result of `checkManifest`. Its fields are stable; more may be added. */
export interface ManifestReport {
  /** Path or address of the manifest. */
  readonly uri: string;
  /**
   * Kind of manifest. `manifest`: a ManifestFile, which is one JSON array. `augmented`: an
   * AugmentedManifestFile, which has one JSON object per line.
   */
  readonly kind: 'manifest' | 'augmented';
  /** Whether the manifest is free of errors. */
  readonly ok: boolean;
  /**
   * Number of lines with attributes in an augmented manifest, or number of objects that a manifest
   * lists.
   */
  readonly entries: number;
  /** Number of errors, including errors that are not listed. */
  readonly errorCount: number;
  /** Number of warnings, including warnings that are not listed. */
  readonly warningCount: number;
  /** The first `maxProblems` problems, in file order. */
  readonly problems: readonly ManifestProblem[];
}

const DEFAULTS: CheckManifestOptions = {
  attributes: undefined,
  headObjects: false,
  maxProblems: 100,
  maxLineBytes: 16 * 1024 * 1024,
  objects: undefined,
  signal: undefined,
};
const CHUNK_BYTES = 1024 * 1024;
const PARALLEL_HEADS = 16;

/**
 * Checks a SageMaker manifest and reports each problem with its line, its column and an excerpt. A
 * file that starts with `[` is read into memory as a whole and checked as a ManifestFile. Any other
 * file is checked as an AugmentedManifestFile, one line at a time.
 *
 * @param source a path, an `s3://` address or `-`
 * @throws RecordpipeError if the source cannot be read: `not-found`, `object-missing`, `access-denied`,
 * `io-failure`, `aborted`
 * @throws UsageError for more than 16 attributes, or for a name that is not 1 to 256 characters
 * long
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
  checkOptionNames('checkManifest', options, DEFAULTS);
  const { attributes, headObjects, maxProblems, maxLineBytes, signal } = withDefaults(options);
  const mistake = attributes && attributeNamesMistake(attributes);
  if (mistake !== undefined) throw new UsageError(`attributes: ${mistake}`);
  const problems = new Problems(maxProblems);
  const refs = headObjects ? new Map<string, number>() : undefined;
  const lines = new LineChecks(problems, attributes, refs);
  const splitter = new LineSplitter(maxLineBytes);
  const list: Uint8Array[] = [];
  let kind: ManifestReport['kind'] | undefined;
  const { chunks } = openStored(source, { chunkBytes: CHUNK_BYTES }, options);
  for await (const chunk of abortable(chunks, signal)) {
    kind ??= kindOf(chunk);
    if (kind === 'manifest') list.push(chunk.slice());
    else for (const line of splitter.push(chunk)) lines.check(line, maxLineBytes);
    if (lines.notAManifest) break;
  }
  let entries: number;
  if (kind === 'manifest') entries = checkList(Buffer.concat(list).toString('utf8'), problems, refs);
  else {
    for (const line of splitter.end()) lines.check(line, maxLineBytes);
    entries = lines.end();
  }
  if (refs !== undefined) await checkObjects(refs, problems, options);
  return {
    uri: source === '-' ? '<stdin>' : source,
    kind: kind ?? 'augmented',
    ok: problems.errors === 0,
    entries,
    errorCount: problems.errors,
    warningCount: problems.warnings,
    problems: problems.first,
  };
}

function withDefaults(options: Partial<CheckManifestOptions>): CheckManifestOptions {
  const present = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(present) };
}

/**
 * Returns the kind of manifest that the bytes belong to. Returns undefined if all bytes are white
 * space.
 */
function kindOf(bytes: Uint8Array): ManifestReport['kind'] | undefined {
  const head = Buffer.from(bytes.subarray(0, 4096)).toString('utf8');
  const [first] = head.replace(/^\ufeff/, '').trim();
  if (first === undefined) return undefined;
  return first === '[' ? 'manifest' : 'augmented';
}

function checkList(text: string, problems: Problems, refs: Map<string, number> | undefined): number {
  const positions = new LinePositions(text);
  const visitor = {
    object(uri: string, at: number): void {
      if (refs !== undefined && !refs.has(uri)) refs.set(uri, positions.find(at).line);
    },
    problem(severity: 'error' | 'warning', code: ManifestListMistake, at: number, message: string): void {
      const found = positions.find(at);
      problems.add(severity, code, found.line, found.text, found.at, message);
    },
  };
  return visitManifestList(text, visitor, 's3');
}

/** Checks that each object exists. */
async function checkObjects(
  refs: ReadonlyMap<string, number>,
  problems: Problems,
  { objects, signal }: Partial<CheckManifestOptions>,
): Promise<void> {
  const queue = refs.entries();
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const [uri, line] = next.value;
      try {
        await statObject(uri, { ...objects, signal });
      } catch (error) {
        if (!isRecordpipeError(error, 'object-missing', 'access-denied')) throw error;
        const what =
          error.code === 'object-missing' ? 'the object does not exist' : 'access to the object is denied';
        problems.add('error', 'missing-object', line, uri, 0, what);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_HEADS }, worker));
}
