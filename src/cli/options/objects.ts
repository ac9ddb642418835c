import { sep } from 'node:path';
import { UsageError } from 'recordpipe/errors';
import type { ObjectOptions } from 'recordpipe/storage';
import { interruption } from '../interrupt.ts';
import {
  atLeast,
  defined,
  duration,
  flag,
  grouped,
  negation,
  type OptionsOf,
  parsed,
  size,
  value,
} from './option.ts';

/** Options of commands that access `s3://` addresses. */
export interface AccessOptions {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly signRequest: boolean;
  readonly requestPayer?: true;
  readonly retryTimeout?: number;
}

/** Options of commands that transfer objects. */
export interface TransferOptions extends AccessOptions {
  readonly partSize?: number;
  readonly window?: number;
  readonly maxRequests?: number;
}

/** Options of commands that read objects. */
export interface ObjectReadOptions extends TransferOptions {
  readonly single?: true;
  readonly verifyObject?: true;
  readonly pinVersion?: true;
  readonly cacheDir?: string;
  readonly cacheSize?: number;
}

const HEADING = 'S3 (commands use the credentials of the AWS CLI):';

/**
 * Declarations of the access options. They have no defaults because the library applies its own.
 */
export const accessOptions: OptionsOf<AccessOptions> = grouped(HEADING, {
  endpointUrl: value('--endpoint-url <url>', 'S3-compatible endpoint (default: AWS)'),
  region: value('--region <name>', 'AWS region (default: from AWS_REGION, the profile or the bucket)'),
  profile: value('--profile <name>', 'profile in the shared AWS configuration files'),
  signRequest: negation('--no-sign-request', 'send unsigned requests (for public buckets)'),
  requestPayer: flag('--request-payer', 'confirm that you pay for requests to requester-pays buckets'),
  retryTimeout: parsed(
    '--retry-timeout <time>',
    'maximum time to spend retrying a failed request, e.g. 30s (default: 5m)',
    duration,
  ),
});

export const transferOptions: OptionsOf<TransferOptions> = {
  ...accessOptions,
  ...grouped(HEADING, {
    partSize: parsed('--part-size <size>', 'amount of data per request (default: 8 MiB)', size),
    window: parsed('--window <size>', 'maximum amount of object data held in memory (default: 64 MiB)', size),
    maxRequests: parsed(
      '--max-requests <n>',
      'maximum number of concurrent requests (default: 8)',
      atLeast(1),
    ),
  }),
};

export const objectReadOptions: OptionsOf<ObjectReadOptions> = {
  ...transferOptions,
  ...grouped(HEADING, {
    single: flag('--single', 'read each object with one request'),
    verifyObject: flag('--verify-object', 'verify each whole object against its checksum if S3 stores one'),
    pinVersion: flag(
      '--pin-version',
      'keep reading the same version of an object even if the object is overwritten',
    ),
    cacheDir: value('--cache-dir <dir>', 'cache object data in this directory for later reads'),
    cacheSize: parsed(
      '--cache-size <size>',
      'maximum size of the cache, at least 64 MiB (default: 10 GiB)',
      size,
    ),
  }),
};

/** Options of all commands that access objects. */
export type AnyObjectOptions = AccessOptions & Partial<ObjectReadOptions>;

/** Returns the library's `objects` option; undefined if none of these options is set. */
export function objectsOf(options: AnyObjectOptions): Partial<ObjectOptions> | undefined {
  const { endpointUrl, region, profile, maxRequests, single, verifyObject, pinVersion } = options;
  const { cacheDir, cacheSize } = options;
  if (cacheDir === undefined && cacheSize !== undefined)
    throw new UsageError('--cache-size: requires --cache-dir');
  const given: Partial<ObjectOptions> = defined({
    endpointUrl,
    region,
    profile,
    anonymous: options.signRequest ? undefined : true,
    requesterPays: options.requestPayer,
    retryTimeoutMs: options.retryTimeout,
    partBytes: options.partSize,
    windowBytes: options.window,
    maxRequests,
    single,
    verifyObject,
    pinVersion,
    cache: cacheDir === undefined ? undefined : { dir: cacheDir, maxBytes: cacheSize },
  });
  return Object.keys(given).length === 0 ? undefined : given;
}

/** Access options with the signal that interrupts the command. */
export interface Access {
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal;
}

export function accessOf(options: AnyObjectOptions): Access {
  return { objects: objectsOf(options), signal: interruption() };
}

/** Reports whether an argument is an address, such as `s3://bucket/key`, rather than a path. */
export function isAddress(argument: string): boolean {
  return /^(?!file:)[a-z][a-z\d+.-]*:\/\//i.test(argument);
}

/** Reports whether a path or an address names a folder by a separator at its end. */
export function endsAsFolder(argument: string): boolean {
  return argument.endsWith('/') || (argument.endsWith(sep) && !isAddress(argument));
}

/** Size of the first request for an object if only a few records are read, in bytes. */
const FIRST_BYTES = 128 * 1024;

/**
 * Returns the same options, with a small first request if only the records before `end` are read.
 */
export function withSmallStart<O extends { readonly objects?: Partial<ObjectOptions> }>(
  options: O,
  end: number,
): O {
  if (end === Number.POSITIVE_INFINITY) return options;
  return { ...options, objects: { firstPartBytes: FIRST_BYTES, ...options.objects } };
}
