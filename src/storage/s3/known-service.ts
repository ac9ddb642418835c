import { type ObjectOptions, type S3Credentials, serviceUrl } from '../object-options.ts';
import { type CredentialsProvider, givenCredentials } from './credentials.ts';
import { environmentEndpoint, isOfAws } from './s3-clients.ts';

/**
 * A service about which options and environment say all that a GET needs: the SDK, whose import takes a third of a second,
 * is not loaded.
 */
export interface KnownService {
  readonly endpoint: URL;
  readonly region: string;
  /** Undefined: requests are not signed. */
  readonly credentials: CredentialsProvider | undefined;
}

/** Variables other than keys that decide who signs, or how the service is reached. */
const LEFT_TO_THE_SDK = [
  'AWS_PROFILE',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
];

/** Undefined where the SDK has to read profiles, roles, or the rules for AWS's own endpoints. @throws UsageError */
export function knownService(options: ObjectOptions): KnownService | undefined {
  const { profile, anonymous, pathStyle = true, region = environmentRegion(), endpointUrl } = options;
  const endpoint = endpointUrl === undefined ? environmentEndpoint() : serviceUrl(endpointUrl, 'endpointUrl');
  if (endpoint === undefined || isOfAws(endpoint) || !pathStyle || region === undefined) return undefined;
  if (profile !== undefined || LEFT_TO_THE_SDK.some((name) => process.env[name])) return undefined;
  if (endpoint.search !== '') return undefined;
  if (anonymous) return { endpoint, region, credentials: undefined };
  const given = givenCredentials(options);
  if (given !== undefined) return { endpoint, region, credentials: given };
  if (environmentIdentity() === undefined) return undefined;
  // Read at every request: whoever renews keys may change the environment.
  const credentials = { get: environmentIdentity, refresh: () => {} };
  return { endpoint, region, credentials };
}

/** AWS's other tools know the second name too. */
export function environmentRegion(): string | undefined {
  return process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || undefined;
}

function environmentIdentity(): S3Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  if (!id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined };
}
