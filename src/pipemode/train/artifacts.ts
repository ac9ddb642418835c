import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isItemFailure, isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import { exists, locationOf } from '../../storage/inspect.ts';
import { listObjects } from '../../storage/list-objects.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { isRemote } from '../../storage/registry.ts';
import { withFileErrors } from '../job/config-file.ts';
import { type ArtifactEntry, artifactEntries, type OnArtifactWarning, statOf } from './artifact-entries.ts';
import { copyObject, inParallel } from './copy-object.ts';
import type { ResultPaths } from './earlier-run.ts';

/** The folders of one host that contain artifacts. */
export interface ArtifactPaths {
  /** Name of the host, for messages. */
  readonly host: string;
  /** The folder of the model. */
  readonly modelDir: string;
  /** The folder that contains `data/` and the file `failure`. */
  readonly outputDir: string;
}

/** Destination of the artifacts of a job: OutputDataConfig. */
export interface ArtifactOutput {
  /** `s3://bucket/prefix`, or a path or `file:` URL of a folder. */
  readonly uri: string;
  /** Compression of the archives. */
  readonly compression: 'GZIP' | 'NONE';
}

/** Options for saving artifacts. Every field has a default. */
export interface ArtifactOptions {
  /** Whether to replace artifacts of an earlier job with the same name. By default, false. */
  readonly overwrite: boolean;
  /** Options for `s3://` addresses. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Aborts the operation. */
  readonly signal: AbortSignal | undefined;
  /** Called for files that are not saved, and for names that several hosts wrote. */
  readonly onWarning: (code: string, message: string) => void;
}

/** Addresses of the saved artifacts. An address is undefined if there was nothing to save. */
export interface SavedArtifacts {
  /** Path or address of the saved model; missing if no model was saved. */
  readonly model?: string | undefined;
  /** Path or address of the saved output; missing if no output was saved. */
  readonly output?: string | undefined;
}

const ARCHIVES = { model: 'model.tar.gz', output: 'output.tar.gz' } as const;
/** Folders of uncompressed artifacts. */
const FOLDERS = { model: 'model/', output: 'data/' } as const;
type Kind = keyof typeof ARCHIVES;
const KINDS: readonly Kind[] = ['model', 'output'];

/** Number of files to upload in parallel. */
const LANES = 4;

/**
 * Checks that the destination contains no artifacts of an earlier job with the same name. Call this
 * before the program starts, so that a long training run does not end with this error.
 * @throws RecordpipeError `already-exists`; `access-denied`, `object-missing` (no such bucket),
 *   `retries-exhausted`, `io-failure`
 */
export async function checkArtifacts(
  output: ArtifactOutput,
  jobName: string,
  { overwrite = false, objects, signal }: Partial<ArtifactOptions> = {},
): Promise<void> {
  const folder = artifactFolder(output, jobName);
  await checkPlace(folder, objects, signal);
  if (overwrite) return;
  for (const kind of KINDS) {
    if (await exists(folder + ARCHIVES[kind], { objects, signal })) throw occupied(folder + ARCHIVES[kind]);
    if (output.compression === 'NONE' && (await hasObjects(folder + FOLDERS[kind], objects, signal)))
      throw occupied(folder + FOLDERS[kind]);
  }
}

/**
 * Checks that artifacts are not saved into the folders from which they are made.
 * @throws UsageError
 */
export function checkOutside({ uri }: ArtifactOutput, { modelDir, outputDir }: ResultPaths): void {
  if (isRemote(uri)) return;
  const path = resolve(locationOf(uri));
  const inside = [modelDir, outputDir].find((one) => path === one || path.startsWith(`${one}/`));
  if (inside === undefined) return;
  throw new UsageError(
    `--output: ${uri} is in ${inside}, but the job saves all files in that folder, and the next job removes them; use a different folder`,
  );
}

/**
 * Saves the artifacts of all hosts to `OUTPUT/JOB/output/`, as SageMaker does after a job:
 *
 * - `model.tar.gz`: the contents of the model folders of all hosts, in one archive;
 * - `output.tar.gz`: the contents of `output/data` of all hosts, and their `output/failure`.
 *
 * Hosts must write distinct names. With compression `NONE`, the files are stored uncompressed below
 * `model/` and `data/`; links to files are followed, and empty folders are omitted. An artifact
 * without files is not written.
 *
 * @throws RecordpipeError `already-exists` unless `overwrite`; `access-denied`, `source-changed`,
 *   `retries-exhausted`, `io-failure`, `aborted`. The folders of the hosts remain unchanged.
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { saveArtifacts } from 'recordpipe/pipemode/train';
 * mkdirSync('ml/model', { recursive: true });
 * writeFileSync('ml/model/weights.bin', 'weights');
 * const hosts = [{ host: 'algo-1', modelDir: 'ml/model', outputDir: 'ml/output' }];
 * const saved = await saveArtifacts(hosts, { uri: 'artifacts', compression: 'GZIP' }, 'job-1');
 * console.log(saved.model); // artifacts/job-1/output/model.tar.gz
 * ```
 */
export async function saveArtifacts(
  hosts: readonly ArtifactPaths[],
  output: ArtifactOutput,
  jobName: string,
  options: Partial<ArtifactOptions> = {},
): Promise<SavedArtifacts> {
  const { onWarning = () => {} } = options;
  const folder = artifactFolder(output, jobName);
  const saved: { -readonly [K in Kind]?: string } = {};
  // The model comes first, because it is the most valuable artifact.
  for (const kind of KINDS) {
    const entries = await entriesOf(kind, hosts, onWarning);
    if (entries.length === 0) continue;
    const uri = folder + (output.compression === 'GZIP' ? ARCHIVES : FOLDERS)[kind];
    try {
      await save(entries, uri, output.compression, options);
    } catch (error) {
      throw withRemains(error, hosts, kind);
    }
    saved[kind] = uri;
  }
  return saved;
}

async function save(
  entries: readonly ArtifactEntry[],
  uri: string,
  compression: ArtifactOutput['compression'],
  { overwrite = false, objects, signal, onWarning = () => {} }: Partial<ArtifactOptions>,
): Promise<void> {
  const copying = { overwrite, objects, signal };
  if (compression === 'GZIP') {
    // Imported on demand, because jobs without output need no archives.
    const { writeTar } = await import('./write-tar.ts');
    await writeTar(entries, uri, copying);
    return;
  }
  const files = entries.filter(({ type }) => type !== 'folder');
  await inParallel(files, LANES, async ({ path, name, type }) => {
    try {
      await copyObject({ uri: path }, uri + name, copying);
    } catch (error) {
      const unusable = isRecordpipeError(error, 'not-found', 'object-missing', 'unsupported-source');
      if (type !== 'link' || !unusable) throw error;
      onWarning('not-saved', `${path} is not saved, because it links to a folder or a missing file`);
    }
  });
}

async function entriesOf(
  kind: Kind,
  hosts: readonly ArtifactPaths[],
  onWarning: OnArtifactWarning,
): Promise<ArtifactEntry[]> {
  if (kind === 'model')
    return artifactEntries(
      hosts.map(({ host, modelDir }) => ({ host, path: modelDir })),
      onWarning,
    );
  const data = hosts.map(({ host, outputDir }) => ({ host, path: join(outputDir, 'data') }));
  const entries = await artifactEntries(data, onWarning);
  for (const { host, outputDir } of hosts) {
    const path = join(outputDir, 'failure');
    const stat = await statOf(path).catch(() => undefined);
    if (stat?.isFile() && !entries.some(({ name }) => name === 'failure'))
      entries.push({ host, path, name: 'failure', type: 'file', stat });
  }
  return entries;
}

/** Returns the folder of the artifacts, with a trailing slash. */
function artifactFolder({ uri }: ArtifactOutput, jobName: string): string {
  const location = locationOf(uri);
  return `${location}${location.endsWith('/') ? '' : '/'}${jobName}/output/`;
}

/**
 * Finds a missing bucket, or a folder that cannot be created, before the program starts.
 * @throws RecordpipeError `object-missing`, `access-denied`, `unsupported-source`
 */
async function checkPlace(
  folder: string,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!isRemote(folder)) return checkWritable(folder);
  try {
    await hasObjects(folder, objects, signal);
  } catch (error) {
    // Credentials that may write but not list are enough.
    if (!isRecordpipeError(error, 'access-denied')) throw error;
  }
}

/** Checks that a folder exists or can be created. @throws RecordpipeError */
function checkWritable(folder: string): void {
  let existing = resolve(folder);
  while (!existsSync(existing)) existing = dirname(existing);
  if (!statSync(existing).isDirectory()) {
    const text = 'expected a folder for the results of the job, found a file; choose another --output';
    throw new RecordpipeError('unsupported-source', text, { uri: existing });
  }
  withFileErrors(existing, () => accessSync(existing, constants.W_OK));
}

async function hasObjects(
  folder: string,
  objects: Partial<ObjectOptions> | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    for await (const _ of listObjects(folder, { ...objects, as: 'prefix', signal })) return true;
    return false;
  } catch (error) {
    if (isRecordpipeError(error, 'not-found')) return false;
    throw error;
  }
}

function occupied(uri: string): RecordpipeError {
  const text =
    'artifacts of an earlier job with this name exist; choose another --name, or pass --force to replace them';
  return new RecordpipeError('already-exists', text, { uri });
}

/** Returns the error with the location of the unsaved artifacts added. */
function withRemains(error: unknown, hosts: readonly ArtifactPaths[], kind: Kind): unknown {
  if (!isItemFailure(error)) return error;
  const paths = hosts.map(({ modelDir, outputDir }) =>
    kind === 'model' ? modelDir : join(outputDir, 'data'),
  );
  const what = kind === 'model' ? 'the model' : 'the output data';
  const text = `${what} could not be saved: ${sentenceOf(error)}. It remains in ${paths.join(', ')}; copy it before the next job`;
  return new RecordpipeError(error.code, text, { uri: error.uri }, error);
}
