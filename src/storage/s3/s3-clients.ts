import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { isTraced, trace } from '../../bytes/trace.ts';
import { registerSecret } from '../../redact.ts';
import type { ObjectOptions } from '../object-options.ts';
import type { WatchdogOptions } from '../prefetch/attempts.ts';
import { type SdkCredentials, sourceText } from './credential-source.ts';
import { HttpClient, networkKey } from './http/http-client.ts';
import {
  type CredentialsProvider,
  environmentEndpoint,
  environmentRegion,
  givenCredentials,
  ignoresConfiguredEndpoints,
  isOfAws,
  type KnownService,
  knownService,
} from './known-service.ts';
import { type S3Sdk, s3Sdk } from './packages.ts';
import { type S3Credentials, type S3Options, serviceUrl } from './s3-options.ts';
import { DirectGets } from './sign-get.ts';

type Created = Promise<S3Clients>;
const created = new Map<string, Created>();

/** Returns the clients for these options. Equal options share clients and connections. */
export function s3ClientsOf(options: ObjectOptions): Created {
  const values = KEY_OPTIONS.map((name) => options[name] ?? null);
  const key = JSON.stringify([values, credentialsKey(options.credentials), networkKey()]);
  let clients = created.get(key);
  if (clients === undefined) {
    clients = S3Clients.create(options);
    created.set(key, clients);
    clients.catch(() => created.delete(key));
  }
  return clients;
}

/** Closes all connections, including those in use. */
export async function closeS3Clients(): Promise<void> {
  const all = [...created.values()];
  created.clear();
  for (const clients of await Promise.allSettled(all))
    if (clients.status === 'fulfilled') clients.value.destroy();
}

/** Options other than credentials that identify a client. */
const KEY_OPTIONS: readonly (Exclude<keyof S3Options, 'credentials'> | keyof WatchdogOptions)[] = [
  'region',
  'profile',
  'endpointUrl',
  'pathStyle',
  'anonymous',
  'requesterPays',
  'connectTimeoutMs',
  'headersTimeoutMs',
  'idleTimeoutMs',
  'minBytesPerSecond',
  'slowAfterMs',
  'retryTimeoutMs',
];

const functionNumbers = new WeakMap<object, number>();
let functionCount = 0;

/** Returns a key that compares functions by identity and credentials by value. */
function credentialsKey(credentials: S3Options['credentials']): unknown {
  if (typeof credentials !== 'function') return credentials ?? null;
  let number = functionNumbers.get(credentials);
  if (number === undefined) {
    number = ++functionCount;
    functionNumbers.set(credentials, number);
  }
  return number;
}

/** The clients for one set of options: one per region, with shared connections. */
export class S3Clients {
  readonly http: HttpClient;
  /** URL of the service. Undefined for AWS. */
  readonly endpointUrl: string | undefined;
  /** Provider of the credentials. If undefined, requests are not signed. */
  readonly #credentials: CredentialsProvider | undefined;
  readonly #config: S3ClientConfig;
  readonly #known: KnownService | undefined;
  readonly #clients = new Map<string, Promise<S3Client>>();
  readonly #directGets = new Map<string, DirectGets>();
  /** Regions of buckets outside the configured region, as reported by the service. */
  readonly #bucketRegions = new Map<string, string>();
  readonly #region: string;

  private constructor(
    options: ObjectOptions,
    region: string,
    endpoint: URL | undefined,
    known: KnownService | undefined,
  ) {
    this.http = new HttpClient(options);
    this.endpointUrl = endpoint?.href.replace(/\/$/, '');
    this.#known = known;
    this.#region = region;
    const given = givenCredentials(options);
    this.#credentials = options.anonymous
      ? undefined
      : (known?.credentials ?? given ?? { get: () => this.#sdkCredentials(), refresh: () => {} });
    this.#config = clientConfig(options, this.http, endpoint, given);
    trace('service', () => `${this.endpointUrl ?? 'AWS'}, region ${region}, ${signingText(options, known)}`);
  }

  /**
   * Creates clients. Reads missing options from the environment and the profile. Sends no request.
   */
  static async create(options: ObjectOptions): Promise<S3Clients> {
    const known = knownService(options);
    if (known !== undefined) return new S3Clients(options, known.region, known.endpoint, known);
    const { profile, endpointUrl } = options;
    const named = endpointUrl === undefined ? environmentEndpoint() : serviceUrl(endpointUrl, 'endpointUrl');
    const client = newClient(await s3Sdk(), profile === undefined ? {} : { profile });
    const region =
      options.region ?? environmentRegion() ?? (await client.config.region().catch(() => FALLBACK_REGION));
    const endpoint = named ?? (await profileEndpoint(client, profile));
    client.destroy();
    return new S3Clients(options, region, endpoint, undefined);
  }

  /** Returns the client for the region of a bucket, if the region is known. */
  for(bucket: string): Promise<S3Client> {
    return this.#client(this.regionOf(bucket));
  }

  #client(region: string): Promise<S3Client> {
    let client = this.#clients.get(region);
    if (client === undefined) {
      client = s3Sdk().then((sdk) => newClient(sdk, { ...this.#config, region }));
      if (isTraced() && this.#credentials !== undefined) void client.then(traceCredentials).catch(() => {});
      this.#clients.set(region, client);
      client.catch(() => this.#clients.delete(region));
    }
    return client;
  }

  /** Returns the object that sends GETs to a bucket without the SDK. */
  directGets(bucket: string): DirectGets {
    const region = this.regionOf(bucket);
    let gets = this.#directGets.get(region);
    if (gets === undefined) {
      gets = new DirectGets(this.http, region, this.#credentials, this.#known?.endpoint);
      this.#directGets.set(region, gets);
    }
    return gets;
  }

  /** Returns credentials from the SDK's chain of environment, profiles and roles. */
  async #sdkCredentials(): Promise<S3Credentials> {
    const { config } = await this.#client(this.#region);
    const found = await (config.credentials as () => Promise<S3Credentials>)();
    registerSecret(found.secretAccessKey);
    registerSecret(found.sessionToken);
    return found;
  }

  /** Fetches new credentials. Credentials in the environment are read for every request. */
  async refresh(bucket: string): Promise<void> {
    this.#credentials?.refresh();
    if (this.#known !== undefined) return;
    const { config } = await this.for(bucket);
    await (config.credentials as (options: { readonly forceRefresh: true }) => Promise<unknown>)({
      forceRefresh: true,
    });
  }

  regionOf(bucket: string): string {
    return this.#bucketRegions.get(bucket) ?? this.#region;
  }

  setRegion(bucket: string, region: string): void {
    this.#bucketRegions.set(bucket, region);
    trace('service', () => `bucket ${bucket} is in ${region}`);
  }

  destroy(): void {
    this.http.destroy();
  }
}

/** Describes how requests are signed. */
function signingText(
  { anonymous, credentials, profile }: ObjectOptions,
  known: KnownService | undefined,
): string {
  if (anonymous) return 'requests are not signed';
  if (credentials !== undefined) return 'credentials from the options';
  if (known !== undefined) return 'credentials from the environment (AWS_ACCESS_KEY_ID)';
  return profile === undefined ? 'credentials from the default chain' : `profile ${profile}`;
}

/** Describes the credentials of a client. The SDK finds them now instead of before the first request. */
async function traceCredentials({ config }: S3Client): Promise<void> {
  try {
    const found = await (config.credentials as () => Promise<SdkCredentials>)();
    trace('service', () => `credentials ${sourceText(found, false)}`);
  } catch (error) {
    trace('service', () => `no credentials: ${(error as Error).message}`);
  }
}

/**
 * Region to use if none is configured. The service in this region reports the region of any bucket.
 */
const FALLBACK_REGION = 'us-east-1';
const UNSIGNED = { accessKeyId: '', secretAccessKey: '' };
const ignore = (): void => {};
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function clientConfig(
  options: ObjectOptions,
  http: HttpClient,
  endpoint: URL | undefined,
  credentials: CredentialsProvider | undefined,
): S3ClientConfig {
  const { profile, anonymous, pathStyle = endpoint !== undefined && !isOfAws(endpoint) } = options;
  return {
    // The SDK's types accept only the SDK's AbortSignal.
    requestHandler: http as NonNullable<S3ClientConfig['requestHandler']>,
    maxAttempts: 1,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // For bodies of 2 MiB or more, the SDK would wait for 100 Continue, which undici does not
    // report.
    expectContinueHeader: false,
    logger: SILENT,
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint: endpoint.href }),
    ...(credentials !== undefined && {
      credentials: (async () => credentials.get()) as NonNullable<S3ClientConfig['credentials']>,
    }),
    forcePathStyle: pathStyle,
    ...(anonymous && { signer: { sign: async (request) => request }, credentials: UNSIGNED }),
  };
}

/**
 * Creates a client and suppresses the SDK's once-per-process warning that versions published from
 * January 2027 on will require Node 22. The SDK provides the environment variable for this purpose
 * and reads it only while it creates a client.
 */
function newClient(sdk: S3Sdk, config: S3ClientConfig): S3Client {
  const before = setVariable('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  try {
    return new sdk.S3Client(config);
  } finally {
    setVariable('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', before);
  }
}

/** Returns the `endpoint_url` of a profile. @throws UsageError for an invalid URL */
async function profileEndpoint(client: S3Client, profile: string | undefined): Promise<URL | undefined> {
  if (ignoresConfiguredEndpoints()) return undefined;
  const { serviceConfiguredEndpoint: read } = client.config as {
    serviceConfiguredEndpoint?: () => Promise<string | undefined>;
  };
  // The SDK reads it from the profile set in the environment, not from the client's profile.
  const before = setVariable('AWS_PROFILE', profile ?? process.env['AWS_PROFILE']);
  try {
    const found = await read?.();
    return found ? serviceUrl(found, `endpoint_url of profile ${profile ?? 'default'}`) : undefined;
  } finally {
    setVariable('AWS_PROFILE', before);
  }
}

/** Sets or deletes an environment variable. @returns its previous value */
function setVariable(name: string, value: string | undefined): string | undefined {
  const before = process.env[name];
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
  return before;
}
