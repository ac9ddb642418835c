import { type Command, Option } from 'commander';
import type { ObjectOptions } from 'recordpipe/objects';
import { atLeast, durationOption, sizeOption } from './option-values.ts';

/** Options of the commands that take `s3://` addresses. */
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

const GROUP = 'S3 (credentials: as for the AWS command line):';

/** Adds them. Without defaults: those are the library's. */
export function withObjectOptions(command: Command): Command {
  const options = [
    new Option('--endpoint-url <url>', 'a service other than that of AWS'),
    new Option('--region <name>', 'default: AWS_REGION, the profile, or that of the bucket'),
    new Option('--profile <name>', 'of the shared configuration files'),
    new Option('--no-sign-request', 'public buckets, without credentials'),
    new Option('--request-payer', 'you pay for the requests'),
    new Option('--part-size <size>', 'asked for at a time (default: 8 MiB)').argParser(sizeOption),
    new Option('--window <size>', 'most bytes held in memory (default: 64 MiB)').argParser(sizeOption),
    new Option('--max-requests <n>', 'at once (default: 8)').argParser(atLeast(1)),
    new Option('--single', 'one request per object, no parts'),
    new Option('--verify-object', "compare whole objects with S3's own checksum, where it has one"),
    new Option('--retry-timeout <time>', 'go on trying for so long, like 30s (default: 5m)').argParser(
      durationOption,
    ),
    new Option('--pin-version', 'read the version found first to its end, though it is overwritten'),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

/** The part of the options that the library takes as `objects`; undefined where none is given. */
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
