import { FetchFailure } from '../errors.ts';
import {
  checkedCredentials,
  type S3Credentials,
  type S3CredentialsProvider,
  type S3Options,
  serviceUrl,
} from './s3-options.ts';

/**
 * A service whose GETs need only the options and the environment. It avoids loading the SDK, which
 * takes a third of a second.
 */
export interface KnownService {
  readonly endpoint: URL;
  readonly region: string;
  /** Provider of the credentials. If undefined, requests are not signed. */
  readonly credentials: CredentialsProvider | undefined;
}

/** Environment variables other than keys that change the identity or the endpoint. */
const SDK_VARIABLES = [
  'AWS_PROFILE',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
];

/**
 * Returns the service, or undefined if the SDK is required, which reads profiles and roles and
 * knows the AWS endpoints.
 *
 * @throws UsageError for an invalid endpoint in the environment
 */
export function knownService(options: S3Options): KnownService | undefined {
  const { profile, anonymous, pathStyle = true, region = environmentRegion(), endpointUrl } = options;
  const endpoint = endpointUrl === undefined ? environmentEndpoint() : serviceUrl(endpointUrl, 'endpointUrl');
  if (endpoint === undefined || isOfAws(endpoint) || !pathStyle || region === undefined) return undefined;
  if (profile !== undefined || SDK_VARIABLES.some((name) => process.env[name])) return undefined;
  if (endpoint.search !== '') return undefined;
  if (anonymous) return { endpoint, region, credentials: undefined };
  const given = givenCredentials(options);
  if (given !== undefined) return { endpoint, region, credentials: given };
  if (environmentCredentials() === undefined) return undefined;
  // Read for every request, because the user may renew the keys in the environment.
  return { endpoint, region, credentials: { get: environmentCredentials, refresh: () => {} } };
}

/**
 * Returns the region from the environment. Like the AWS CLI and other tools, also reads
 * AWS_DEFAULT_REGION.
 */
export function environmentRegion(): string | undefined {
  return process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || undefined;
}

function environmentCredentials(): S3Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  if (!id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined };
}

/** Returns the endpoint from the environment. @throws UsageError for an invalid URL */
export function environmentEndpoint(): URL | undefined {
  if (ignoresConfiguredEndpoints()) return undefined;
  const variable = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'].find((name) => process.env[name]);
  return variable === undefined ? undefined : serviceUrl(process.env[variable] as string, variable);
}

export function ignoresConfiguredEndpoints(): boolean {
  return process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true';
}

export function isOfAws({ hostname }: URL): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonaws\.eu)$/.test(hostname);
}

/** Provides the credentials that sign requests. */
export interface CredentialsProvider {
  /** Returns the credentials. If undefined, requests are not signed. */
  get(): S3Credentials | undefined | Promise<S3Credentials>;
  /**
   * Makes the next `get` fetch new credentials. Called after the service has rejected expired ones.
   */
  refresh(): void;
}

/** Time before expiration at which credentials are renewed, as in the SDK. */
const RENEWAL_MS = 300_000;

/**
 * Returns the credentials from the options. Undefined if they must come from the environment, a
 * profile or a role.
 */
export function givenCredentials({
  credentials,
}: Pick<S3Options, 'credentials'>): CredentialsProvider | undefined {
  if (credentials === undefined) return undefined;
  if (typeof credentials !== 'function') {
    const given = checkedCredentials(credentials);
    return { get: () => given, refresh: () => {} };
  }
  let provider = providers.get(credentials);
  if (provider === undefined) {
    provider = cached(credentials);
    providers.set(credentials, provider);
  }
  return provider;
}

/** Providers by function, so that all clients with the same function share credentials. */
const providers = new WeakMap<S3CredentialsProvider, CredentialsProvider>();

function cached(fetchCredentials: S3CredentialsProvider): CredentialsProvider {
  let current: Promise<S3Credentials> | undefined;
  let expiresAt = Number.POSITIVE_INFINITY;
  const fetchNew = async (): Promise<S3Credentials> => {
    let found: S3Credentials;
    try {
      found = await fetchCredentials();
    } catch (cause) {
      const text = `the credentials function failed: ${(cause as Error).message}`;
      throw new FetchFailure('denied', text, { cause });
    }
    const checked = checkedCredentials(found);
    expiresAt = checked.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    return checked;
  };
  return {
    get: () => {
      if (current === undefined || Date.now() > expiresAt - RENEWAL_MS) {
        expiresAt = Number.POSITIVE_INFINITY;
        const fetched = fetchNew();
        current = fetched;
        fetched.catch(() => {
          if (current === fetched) current = undefined;
        });
      }
      return current;
    },
    refresh: () => {
      current = undefined;
    },
  };
}
