import { type ExecFileException, execFile } from 'node:child_process';
import { rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted } from '../../bytes/abortable.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import { parseObjectUri } from '../../storage/object-address.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import {
  environmentEndpoint,
  environmentRegion,
  givenCredentials,
  isOfAws,
} from '../../storage/s3/known-service.ts';

/** Maximum time for mounting, which sends a request to the service. */
const MOUNT_TIMEOUT_MS = 60_000;
/** Number of attempts to unmount a folder that is still in use, and the pause between them. */
const UNMOUNT_ATTEMPTS = 10;
const UNMOUNT_PAUSE_MS = 200;
/** Programs that unmount a folder, as an ordinary user or as root. */
const UNMOUNT: readonly (readonly string[])[] = [['fusermount3', '-u'], ['fusermount', '-u'], ['umount']];

/** Options for mounting. */
export interface MountOptions {
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal;
  readonly warn: (code: string, message: string) => void;
}

/** A mounted folder, or the reason why it cannot be mounted. */
export type MountResult = { readonly unmount: () => Promise<void> } | { readonly impossible: string };

/**
 * Mounts the objects of a prefix as read-only files, with Mountpoint for Amazon S3. Rejects only if
 * the signal fires.
 *
 * @param prefix address of a bucket or prefix; ends with a slash
 * @param folder path of a folder that does not exist
 */
export async function mountPrefix(
  prefix: string,
  folder: string,
  { objects = {}, signal, warn }: MountOptions,
): Promise<MountResult> {
  makeFolder(folder);
  try {
    const environment = await credentialsOf(objects);
    const [program, ...args] = mountCommand(prefix, folder, objects);
    const failure = await run(program, args, { environment, signal, timeoutMs: MOUNT_TIMEOUT_MS });
    if (failure === undefined) return { unmount: () => unmount(folder, warn) };
    await removeFolder(folder, warn);
    checkAborted(signal);
    return { impossible: failure };
  } catch (error) {
    checkAborted(signal);
    return { impossible: (error as Error).message };
  }
}

/** Removes a folder on which mounting failed, possibly after the program had mounted it. */
async function removeFolder(folder: string, warn: MountOptions['warn']): Promise<void> {
  try {
    rmdirSync(folder);
  } catch {
    await unmount(folder, warn);
    rmdirSync(folder);
  }
}

/** Returns the command line that mounts a prefix. */
export function mountCommand(
  prefix: string,
  folder: string,
  objects: Partial<ObjectOptions>,
): readonly [string, ...string[]] {
  const { bucket, key } = parseObjectUri(prefix);
  const { region = environmentRegion(), profile, anonymous, requesterPays, pathStyle } = objects;
  const endpoint = objects.endpointUrl === undefined ? environmentEndpoint() : new URL(objects.endpointUrl);
  const pathInUrl = pathStyle ?? (endpoint !== undefined && !isOfAws(endpoint));
  return [
    'mount-s3',
    '--read-only',
    ...(key === '' ? [] : ['--prefix', key]),
    ...(region === undefined ? [] : ['--region', region]),
    ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint.href.replace(/\/$/, '')]),
    ...(pathInUrl ? ['--force-path-style'] : []),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(anonymous ? ['--no-sign-request'] : []),
    ...(requesterPays ? ['--requester-pays'] : []),
    bucket,
    folder,
  ];
}

/** Returns environment variables for the credentials in the options. */
async function credentialsOf(
  objects: Partial<ObjectOptions>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const given = await givenCredentials({ credentials: objects.credentials })?.get();
  if (given === undefined) return undefined;
  return {
    AWS_ACCESS_KEY_ID: given.accessKeyId,
    AWS_SECRET_ACCESS_KEY: given.secretAccessKey,
    // An empty token overrides the environment's token, which belongs to other keys.
    AWS_SESSION_TOKEN: given.sessionToken ?? '',
  };
}

/** Options for running a program. */
interface RunOptions {
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs a program. Returns the reason for its failure, or undefined if it succeeds. Resolves when the
 * program has ended, also after an abort.
 */
function run(
  program: string,
  args: readonly string[],
  { environment, signal, timeoutMs = 0 }: RunOptions = {},
): Promise<string | undefined> {
  const failureOf = (error: ExecFileException, stderr: string): string => {
    if (error.code === 'ENOENT') return `${program} is not installed`;
    if (error.killed) return `${program} did not end within ${timeoutMs / 1000} s`;
    return `${program} failed: ${stderr.trim().split('\n')[0] || error.message}`;
  };
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    const child = execFile(program, args, { env, signal, timeout: timeoutMs }, (error, _stdout, stderr) => {
      const failure = error === null ? undefined : failureOf(error, stderr);
      const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
      if (isRunning) child.once('exit', () => resolve(failure));
      else resolve(failure);
    });
  });
}

async function unmount(folder: string, warn: MountOptions['warn']): Promise<void> {
  let failure = '';
  for (let attempt = 0; attempt < UNMOUNT_ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(UNMOUNT_PAUSE_MS);
    for (const [program, ...args] of UNMOUNT) {
      const failed = await run(program, [...args, folder]);
      if (failed === undefined) return;
      if (!failed.endsWith('is not installed')) failure = failed;
    }
  }
  warn('still-mounted', `${folder} is still mounted: ${failure}; unmount it: umount ${folder}`);
}
