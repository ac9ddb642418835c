import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { FetchFailure, objectError } from '../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import type { ObjectOptions } from '../object-options.ts';
import type { Checks } from '../storage.ts';
import { type SdkCredentials, sourceText } from './credential-source.ts';
import { connectionFailure, s3Failure } from './failures.ts';
import { s3Sdk } from './packages.ts';
import { retry } from './retry.ts';
import { S3Caller } from './s3-caller.ts';
import { type S3Clients, s3ClientsOf } from './s3-clients.ts';

/**
 * Checks credentials, connection, clock and region.
 * @returns true if objects may be readable
 */
export async function checkService(
  uri: string,
  options: ObjectOptions,
  checks: Checks,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { bucket } = parseObjectUri(uri);
  const clients = await s3ClientsOf(options);
  if (!(await checkCredentials(clients, bucket, options, checks))) return unsigned(checks);
  const configured = clients.regionOf(bucket);
  const endpoint = clients.endpointUrl ?? 'AWS';
  const failure = await headBucket(new S3Caller(clients, options), bucket, uri, options, signal);
  if (failure?.kind === 'aborted') throw objectError(failure, { uri });
  if (failure !== undefined && failure.status === undefined) {
    if (failure.kind === 'denied') {
      checks.failed('credentials', failure.message, CREDENTIALS_ADVICE);
      return unsigned(checks);
    }
    const next = 'check the endpoint, the network and the proxy (HTTPS_PROXY, NO_PROXY)';
    checks.failed('connection', `cannot reach ${endpoint}: ${failure.message}`, next);
    return false;
  }
  checks.passed('connection', `${endpoint} responds`);
  checkClock(clients.http.skewMs(), checks);
  if (failure?.kind === 'missing') {
    checks.failed('region', `bucket ${bucket} does not exist`, 'check its name and the endpoint');
    return false;
  }
  const region = clients.regionOf(bucket);
  const saving = `${configured} is configured; pass --region ${region} to save a request`;
  if (region !== configured) checks.passed('region', `${bucket} is in ${region}, ${saving}`);
  else if (failure === undefined) checks.passed('region', `${bucket} is addressed in ${region}`);
  else checks.skipped(`${failure.message}; ${region} is configured`, 'region');
  return true;
}

function unsigned(checks: Checks): false {
  checks.skipped('skipped: requests cannot be signed', 'connection');
  return false;
}

const CREDENTIALS_ADVICE =
  'run aws configure or aws sso login, or use a role; for public buckets, pass --no-sign-request';

async function checkCredentials(
  clients: S3Clients,
  bucket: string,
  { anonymous, credentials }: ObjectOptions,
  checks: Checks,
): Promise<boolean> {
  if (anonymous) {
    checks.skipped('not needed: requests are not signed', 'credentials');
    return true;
  }
  let found: SdkCredentials;
  try {
    const { config } = await clients.for(bucket);
    found = await (config.credentials as () => Promise<SdkCredentials>)();
  } catch (error) {
    if (error instanceof RecordpipeError) throw error;
    checks.failed('credentials', s3Failure(error).message, CREDENTIALS_ADVICE);
    return false;
  }
  const { expiration } = found;
  const text = sourceText(found, credentials !== undefined);
  if (expiration === undefined) checks.passed('credentials', text);
  else if (expiration.getTime() >= Date.now())
    checks.passed('credentials', `${text}, valid until ${expiration.toISOString()}`);
  else {
    checks.failed('credentials', `${text}; expired at ${expiration.toISOString()}`, 'log in again');
    return false;
  }
  return true;
}

/** Sends a HEAD request for the bucket. @returns the failure, if any */
async function headBucket(
  caller: S3Caller,
  bucket: string,
  uri: string,
  options: ObjectOptions,
  signal: AbortSignal | undefined,
): Promise<FetchFailure | undefined> {
  try {
    const { HeadBucketCommand } = await s3Sdk();
    const command = new HeadBucketCommand({ Bucket: bucket });
    await retry({ uri, options, signal }, () =>
      caller.call(bucket, signal, (client, send) => client.send(command, send)),
    );
    return undefined;
  } catch (error) {
    if (isRecordpipeError(error, 'missing-package')) throw error;
    const { cause } = error as Error;
    return cause instanceof FetchFailure ? cause : connectionFailure(error as Error);
  }
}

/**
 * Maximum clock skew that passes the check. The service rejects requests with a skew of 15 minutes.
 */
const MAX_SKEW_MS = 300_000;

function checkClock(skewMs: number | undefined, checks: Checks): void {
  if (skewMs === undefined) {
    checks.skipped('the service does not report its time', 'clock');
    return;
  }
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const text = `the clock of this machine is ${seconds} s ${skewMs < 0 ? 'fast' : 'slow'} compared with the service`;
  if (Math.abs(skewMs) > MAX_SKEW_MS)
    checks.failed('clock', text, 'set the clock; until then, requests use the time of the service');
  else
    checks.passed(
      'clock',
      seconds < 2 ? 'the clock of this machine agrees with the clock of the service' : text,
    );
}
