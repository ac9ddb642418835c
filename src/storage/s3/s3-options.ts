import { typeName } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { redactedUrl, registerSecret } from '../../redact.ts';

/** Keys that sign requests. */
export interface S3Credentials {
  /** Id of the access key. */
  readonly accessKeyId: string;
  /** The secret of the access key. */
  readonly secretAccessKey: string;
  /** Session token of temporary credentials. */
  readonly sessionToken?: string | undefined;
  /**
   * Time at which the credentials expire. A provider function is called again five minutes earlier.
   */
  readonly expiration?: Date | undefined;
}

/**
 * Returns credentials. Called before the first request, before the credentials expire, and when the
 * service reports that they have expired.
 */
export type S3CredentialsProvider = () => S3Credentials | Promise<S3Credentials>;

/**
 * Options for accessing S3 and compatible services. Every function that reads or writes objects
 * accepts these options under the same names: functions of `recordpipe/storage` among their own
 * options, all others under `objects`.
 */
export interface S3Options {
  /**
   * Keys, or a function that returns them. With a function, objects are read on the calling thread.
   * Default: environment, profile and roles, as with the AWS CLI.
   */
  readonly credentials: S3Credentials | S3CredentialsProvider | undefined;
  /**
   * Region of the service. Default: the first of AWS_REGION, the region of the profile, and the
   * region of the bucket.
   */
  readonly region: string | undefined;
  /** Profile of the shared configuration files. Default: AWS_PROFILE, otherwise `default`. */
  readonly profile: string | undefined;
  /**
   * URL of a service other than AWS. Default: the first of AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL,
   * and the endpoint of the profile.
   */
  readonly endpointUrl: string | undefined;
  /**
   * Whether to put the bucket in the path rather than in the host name. Default: true except for
   * AWS.
   */
  readonly pathStyle: boolean | undefined;
  /** Whether to send requests unsigned, for public buckets. Default false. */
  readonly anonymous: boolean;
  /** Whether the requester pays. Default false; cannot be combined with `anonymous`. */
  readonly requesterPays: boolean;
}

/** Checks the options. @throws UsageError for invalid or contradictory options */
export function checkS3Options(options: S3Options): void {
  const { credentials, anonymous, profile, endpointUrl, requesterPays } = options;
  if (credentials !== undefined) {
    if (typeof credentials !== 'function') checkedCredentials(credentials);
    if (anonymous) throw new UsageError('credentials: cannot be combined with anonymous');
    if (profile !== undefined) throw new UsageError('credentials: cannot be combined with profile');
  }
  if (endpointUrl !== undefined) serviceUrl(endpointUrl, 'endpointUrl');
  if (anonymous && requesterPays)
    throw new UsageError(
      'requesterPays: cannot be combined with anonymous, because requests that charge the requester must be signed',
    );
}

/** Checks credentials. @throws UsageError that names the field, never its value */
export function checkedCredentials(given: S3Credentials): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = given ?? {};
  for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey }))
    if (typeof value !== 'string' || value === '')
      throw new UsageError(`credentials: expected ${name} to be a string, got ${typeOf(value)}`);
  if (sessionToken !== undefined && typeof sessionToken !== 'string')
    throw new UsageError(`credentials: expected sessionToken to be a string, got ${typeOf(sessionToken)}`);
  if (expiration !== undefined && !(expiration instanceof Date))
    throw new UsageError(`credentials: expected expiration to be a Date, got ${typeOf(expiration)}`);
  registerSecret(secretAccessKey);
  registerSecret(sessionToken);
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined, expiration };
}

function typeOf(value: unknown): string {
  return value === '' ? 'an empty string' : typeof value;
}

/**
 * Parses the URL of a service. Rejects a user name and password, because requests are signed and
 * the URL is logged.
 *
 * @param from option or variable that contains the URL, for the message
 * @throws UsageError unless the string is an http:// or https:// URL
 */
export function serviceUrl(text: string, from: string): URL {
  const expected = `${from}: expected a URL such as https://host:9000, got`;
  if (typeof text !== 'string') throw new UsageError(`${expected} ${typeName(text)}`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new UsageError(`${expected} ${JSON.stringify(redactedUrl(text))}`);
  registerSecret(url.password);
  url.username = '';
  url.password = '';
  return url;
}
