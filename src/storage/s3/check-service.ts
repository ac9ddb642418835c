import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { FetchFailure, objectError } from '../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import type { ObjectOptions } from '../object-options.ts';
import { failed, passed, type StoreCheck, skipped } from './diagnose.ts';
import { s3Sdk } from './packages.ts';
import { attempted, S3Caller } from './s3-caller.ts';
import { type S3Clients, s3ClientsOf } from './s3-clients.ts';
import { connectionFailure, s3Failure } from './s3-failures.ts';

type Note = (check: StoreCheck) => void;

/** Checks credentials, connection, clock and region. @returns whether objects can be read at all */
export async function checkService(
  uri: string,
  options: ObjectOptions,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { bucket } = parseObjectUri(uri);
  const clients = await s3ClientsOf(options);
  if (!(await checkCredentials(clients, bucket, options, note))) {
    note(skipped('connection', 'skipped: requests cannot be signed'));
    return false;
  }
  const configured = clients.regionOf(bucket);
  const where = clients.endpointUrl ?? 'AWS';
  const failure = await askForBucket(new S3Caller(clients, options), bucket, uri, options, signal);
  if (failure?.kind === 'aborted') throw objectError(failure, { uri });
  if (failure?.kind === 'denied' && failure.status === undefined) {
    note(failed('credentials', failure.message, CREDENTIALS_NEXT));
    note(skipped('connection', 'skipped: requests cannot be signed'));
    return false;
  }
  if (failure !== undefined && failure.status === undefined) {
    note(
      failed(
        'connection',
        `${where} cannot be reached: ${failure.message}`,
        'check endpoint, network and proxy (HTTPS_PROXY, NO_PROXY)',
      ),
    );
    return false;
  }
  note(passed('connection', `${where} answers`));
  note(checkClock(clients.handler.skewMs()));
  if (failure?.kind === 'missing') {
    note(failed('region', `there is no bucket ${bucket}`, 'check its name, and the endpoint'));
    return false;
  }
  checkRegion(bucket, configured, clients, failure, note);
  return true;
}

const CREDENTIALS_NEXT = 'aws configure, aws sso login, a role; --no-sign-request for public buckets';

/** The sources of credentials, as the SDK names them. */
const PROVIDERS: readonly (readonly [name: RegExp, text: string])[] = [
  [/ENV_VARS_STS_WEB_ID|WEB_ID/, 'a web identity'],
  [/SSO/, 'single sign-on'],
  [/LOGIN/, 'a login'],
  [/STS/, 'a role that was assumed'],
  [/ENV_VARS/, 'the environment (AWS_ACCESS_KEY_ID)'],
  [/PROCESS/, 'a program that the profile names'],
  [/IMDS/, 'the role of this instance'],
  [/HTTP/, 'the role of this container'],
  [/PROFILE/, 'a profile'],
];

async function checkCredentials(
  clients: S3Clients,
  bucket: string,
  { anonymous, credentials }: ObjectOptions,
  note: Note,
): Promise<boolean> {
  if (anonymous) {
    note(skipped('credentials', 'not needed: requests are not signed'));
    return true;
  }
  try {
    const {
      accessKeyId,
      expiration,
      $source = {},
    } = await ((await clients.for(bucket)).config.credentials as () => Promise<Identity>)();
    const names = Object.keys($source).join(' ');
    const from =
      credentials !== undefined
        ? 'the options'
        : (PROVIDERS.find(([name]) => name.test(names))?.[1] ?? 'the default chain');
    const text =
      accessKeyId.length < 12 ? `from ${from}` : `from ${from}, key ending in ${accessKeyId.slice(-4)}`;
    if (expiration !== undefined && expiration.getTime() < Date.now()) {
      note(failed('credentials', `${text}; they expired at ${expiration.toISOString()}`, 'log in again'));
      return false;
    }
    note(
      passed(
        'credentials',
        expiration === undefined ? text : `${text}, good until ${expiration.toISOString()}`,
      ),
    );
    return true;
  } catch (error) {
    if (error instanceof RecordpipeError) throw error;
    const { message } = s3Failure(error);
    note(failed('credentials', message, CREDENTIALS_NEXT));
    return false;
  }
}

interface Identity {
  readonly accessKeyId: string;
  readonly expiration?: Date;
  readonly $source?: Readonly<Record<string, string>>;
}

async function askForBucket(
  caller: S3Caller,
  bucket: string,
  uri: string,
  options: ObjectOptions,
  signal: AbortSignal | undefined,
): Promise<FetchFailure | undefined> {
  try {
    await attempted(
      async () => {
        const { HeadBucketCommand } = await s3Sdk();
        return caller.call(bucket, signal, (client, send) =>
          client.send(new HeadBucketCommand({ Bucket: bucket }), send),
        );
      },
      uri,
      options,
      signal,
    );
    return undefined;
  } catch (error) {
    if (isRecordpipeError(error, 'missing-package')) throw error;
    const cause = (error as Error).cause;
    return cause instanceof FetchFailure ? cause : connectionFailure(error as Error);
  }
}

/** The service refuses requests that are 15 minutes off. */
const MAX_SKEW_MS = 300_000;

function checkClock(skewMs: number | undefined): StoreCheck {
  if (skewMs === undefined) return skipped('clock', 'the service does not send the time');
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const text = `this clock is ${seconds} s ${skewMs < 0 ? 'ahead of' : 'behind'} the clock of the service`;
  if (Math.abs(skewMs) > MAX_SKEW_MS)
    return failed('clock', text, 'set the clock; until then requests carry the time of the service');
  return passed('clock', seconds < 2 ? 'agrees with the clock of the service' : text);
}

function checkRegion(
  bucket: string,
  configured: string,
  clients: S3Clients,
  failure: FetchFailure | undefined,
  note: Note,
): void {
  const region = clients.regionOf(bucket);
  if (region !== configured)
    note(
      passed(
        'region',
        `${bucket} is in ${region}, ${configured} is configured; --region ${region} saves a request`,
      ),
    );
  else if (failure === undefined) note(passed('region', `${bucket} is addressed in ${region}`));
  else note(skipped('region', `${failure.message}; ${region} is configured`));
}
