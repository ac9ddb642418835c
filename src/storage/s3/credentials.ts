import { FetchFailure } from '../errors.ts';
import {
  checkedCredentials,
  type ObjectOptions,
  type S3Credentials,
  type S3CredentialsProvider,
} from '../object-options.ts';

/** Where the credentials of requests come from. */
export interface CredentialsProvider {
  /** Undefined: the request is not signed. */
  get(): S3Credentials | undefined | Promise<S3Credentials>;
  /** Makes the next `get` ask again: the service said that they have expired. */
  refresh(): void;
}

/** Credentials are renewed this long before they expire, as the SDK does. */
const RENEWAL_MS = 300_000;

/** The credentials that the options give; undefined where they are left to environment, profile and roles. */
export function givenCredentials({ credentials }: ObjectOptions): CredentialsProvider | undefined {
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

/** One for each function: all clients that it serves share what it gave. */
const providers = new WeakMap<S3CredentialsProvider, CredentialsProvider>();

function cached(credentials: S3CredentialsProvider): CredentialsProvider {
  let current: Promise<S3Credentials> | undefined;
  let expiresAt = Number.POSITIVE_INFINITY;
  const ask = async (): Promise<S3Credentials> => {
    let found: S3Credentials;
    try {
      found = await credentials();
    } catch (cause) {
      throw new FetchFailure('denied', `the credentials function failed: ${(cause as Error).message}`, {
        cause,
      });
    }
    const checked = checkedCredentials(found);
    expiresAt = checked.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    return checked;
  };
  return {
    get: () => {
      if (current === undefined || Date.now() > expiresAt - RENEWAL_MS) {
        expiresAt = Number.POSITIVE_INFINITY;
        const asked = ask();
        current = asked;
        asked.catch(() => {
          if (current === asked) current = undefined;
        });
      }
      return current;
    },
    refresh: () => {
      current = undefined;
    },
  };
}
