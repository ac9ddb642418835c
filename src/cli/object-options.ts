import { type Command, Option } from 'commander';
import type { ObjectOptions } from 'recordpipe/storage';
import { atLeast, durationOption, sizeOption } from './options.ts';

/** Options of the commands that accept `s3://` addresses. */
export interface ObjectCommandOptions {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  /** `--no-sign-request` */
  readonly signRequest?: boolean;
  readonly requestPayer?: true;
  readonly partSize?: number;
  readonly window?: number;
  readonly maxRequests?: number;
  readonly single?: true;
  readonly verifyObject?: true;
  readonly retryTimeout?: number;
  readonly pinVersion?: true;
}

const GROUP = 'S3 (credentials as for the AWS CLI):';

/** Adds the S3 options, without defaults; the library applies its own. */
export function withObjectOptions(command: Command): Command {
  const options = [
    new Option('--endpoint-url <url>', 'S3-compatible endpoint (default: AWS)'),
    new Option('--region <name>', 'AWS region (default: AWS_REGION, the profile, or that of the bucket)'),
    new Option('--profile <name>', 'profile in the shared AWS configuration files'),
    new Option('--no-sign-request', 'send unsigned requests, for public buckets'),
    new Option('--request-payer', 'accept charges of requester-pays buckets'),
    new Option('--part-size <size>', 'bytes per request (default: 8 MiB)').argParser(sizeOption),
    new Option('--window <size>', 'maximum bytes held in memory (default: 64 MiB)').argParser(sizeOption),
    new Option('--max-requests <n>', 'maximum concurrent requests (default: 8)').argParser(atLeast(1)),
    new Option('--single', 'read each object with one request'),
    new Option('--verify-object', "verify whole objects against S3's checksum, if it has one"),
    new Option('--retry-timeout <time>', 'keep retrying for this long, e.g. 30s (default: 5m)').argParser(
      durationOption,
    ),
    new Option('--pin-version', 'keep reading the first version seen even if the object is overwritten'),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

/** The value of the library's `objects` option; undefined if none of these options is given. */
export function objectOptionsOf(options: ObjectCommandOptions): Partial<ObjectOptions> | undefined {
  const { endpointUrl, region, profile, signRequest, requestPayer, partSize, window, maxRequests } = options;
  const { single, verifyObject, retryTimeout, pinVersion } = options;
  const given: Partial<ObjectOptions> = {
    ...(endpointUrl !== undefined && { endpointUrl }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(signRequest === false && { anonymous: true }),
    ...(requestPayer && { requesterPays: true }),
    ...(partSize !== undefined && { partBytes: partSize }),
    ...(window !== undefined && { windowBytes: window }),
    ...(maxRequests !== undefined && { maxRequests }),
    ...(single && { single }),
    ...(verifyObject && { verifyObject }),
    ...(retryTimeout !== undefined && { retryTimeoutMs: retryTimeout }),
    ...(pinVersion && { pinVersion }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}
