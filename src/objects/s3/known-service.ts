import type { ObjectOptions } from '../object-options.ts';
import type { Identity } from './sign-get.ts';

/** A service of which options and environment say all that a GET needs: the SDK, whose import takes a third of a second, need not be asked. */
export interface KnownService {
  readonly endpoint: URL;
  readonly region: string;
  /** Undefined: requests are not signed. */
  identity(): Identity | undefined;
}

/** What else than keys in the environment may decide about who asks, or how the service is reached. */
const LEFT_TO_THE_SDK = [
  'AWS_PROFILE',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
];

/** Undefined where the SDK has to look at profiles, roles, or the rules for AWS's own endpoints. */
export function knownService(options: ObjectOptions): KnownService | undefined {
  const { profile, anonymous, pathStyle = true, region = environmentRegion() } = options;
  const endpointUrl = options.endpointUrl ?? environmentEndpoint();
  if (endpointUrl === undefined || isOfAws(endpointUrl) || !pathStyle || region === undefined)
    return undefined;
  if (profile !== undefined || LEFT_TO_THE_SDK.some((name) => process.env[name])) return undefined;
  if (!anonymous && environmentIdentity() === undefined) return undefined;
  const endpoint = new URL(endpointUrl);
  if (!/^https?:$/.test(endpoint.protocol) || endpoint.search !== '' || endpoint.username !== '')
    return undefined;
  return { endpoint, region, identity: anonymous ? () => undefined : environmentIdentity };
}

/** AWS's other tools know the second name too. */
export function environmentRegion(): string | undefined {
  return process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || undefined;
}

export function isOfAws(endpointUrl: string): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonaws\.eu)$/.test(new URL(endpointUrl).hostname);
}

function environmentEndpoint(): string | undefined {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  return process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL'] || undefined;
}

function environmentIdentity(): Identity | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  if (!id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, sessionToken: token || undefined };
}
