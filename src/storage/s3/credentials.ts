import { FetchFailure } from '../errors.ts';
import {
  checkedCredentials,
  type S3Credentials,
  type S3CredentialsProvider,
  type S3Options,
} from './s3-options.ts';

/** Source of the credentials that sign requests. */
export interface CredentialsProvider {
  /** Undefined: the request is not signed. */
  get(): S3Credentials | undefined | Promise<S3Credentials>;
  /** Makes the next `get` fetch new credentials, after the service has rejected expired ones. */
  refresh(): void;
}

/** Credentials are renewed this long before they expire, as the SDK does. */
const RENEWAL_MS = 300_000;

/** The credentials in the options; undefined if environment, profile and roles decide. */
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

/** One for each function: all its clients share the credentials that it returned. */
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
