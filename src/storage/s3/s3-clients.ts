import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { registerSecret } from '../../redact.ts';
import { type ObjectOptions, type S3Credentials, type S3Options, serviceUrl } from '../object-options.ts';
import { type CredentialsProvider, givenCredentials } from './credentials.ts';
import { DirectGets } from './direct-get.ts';
import { networkKey } from './http/network.ts';
import { environmentRegion, type KnownService, knownService } from './known-service.ts';
import { type S3Sdk, s3Sdk } from './packages.ts';
import { RequestHandler } from './request-handler.ts';
import type { S3Timeouts } from './s3-timeouts.ts';

/** Its types know no other AbortSignal than their own. */
type HandlerOfSdk = NonNullable<S3ClientConfig['requestHandler']>;
type CredentialsOfSdk = NonNullable<S3ClientConfig['credentials']>;

/** The clients for one set of options: one per region, over one pool of connections. */
export class S3Clients {
  readonly handler: RequestHandler;
  /** The URL of the service; undefined for AWS's own. */
  readonly endpointUrl: string | undefined;
  /** Undefined where requests are not signed. */
  readonly credentials: CredentialsProvider | undefined;
  readonly #shared: S3ClientConfig;
  readonly #known: KnownService | undefined;
  readonly #clients = new Map<string, Promise<S3Client>>();
  readonly #direct = new Map<string, DirectGets>();
  /** The regions that the service named for buckets that are elsewhere. */
  readonly #regionOf = new Map<string, string>();
  readonly #region: string;

  private constructor(
    options: ObjectOptions,
    region: string,
    endpoint: URL | undefined,
    known: KnownService | undefined,
  ) {
    this.handler = new RequestHandler(options);
    this.endpointUrl = endpoint?.href.replace(/\/$/, '');
    this.#known = known;
    this.#region = region;
    const given = givenCredentials(options);
    this.credentials = options.anonymous
      ? undefined
      : (known?.credentials ?? given ?? { get: () => this.#sdkIdentity(), refresh: () => {} });
    this.#shared = sharedConfig(options, this.handler, endpoint, given);
  }

  /** Asks environment and profile for what the options leave open. Nothing is sent yet. */
  static async create(options: ObjectOptions): Promise<S3Clients> {
    const known = knownService(options);
    if (known !== undefined) return new S3Clients(options, known.region, known.endpoint, known);
    const { profile, endpointUrl } = options;
    const named = endpointUrl === undefined ? environmentEndpoint() : serviceUrl(endpointUrl, 'endpointUrl');
    const sdk = await s3Sdk();
    const asked = newClient(sdk, profile === undefined ? {} : { profile });
    const region = options.region ?? (await configuredRegion(asked));
    const endpoint = named ?? (await configuredEndpoint(asked, profile));
    asked.destroy();
    return new S3Clients(options, region, endpoint, undefined);
  }

  /** The client for a bucket: that of the region in which it is known to be. */
  for(bucket: string): Promise<S3Client> {
    return this.#client(this.regionOf(bucket));
  }

  #client(region: string): Promise<S3Client> {
    let client = this.#clients.get(region);
    if (client === undefined) {
      client = s3Sdk().then((sdk) => newClient(sdk, { ...this.#shared, region }));
      this.#clients.set(region, client);
      client.catch(() => this.#clients.delete(region));
    }
    return client;
  }

  /** The short way to objects of a bucket. */
  directGets(bucket: string): DirectGets {
    const region = this.regionOf(bucket);
    let direct = this.#direct.get(region);
    if (direct === undefined) {
      direct = new DirectGets(this.handler, region, this.credentials, this.#known?.endpoint);
      this.#direct.set(region, direct);
    }
    return direct;
  }

  /** Asks the SDK's chain: environment, profiles, roles. */
  async #sdkIdentity(): Promise<S3Credentials> {
    const { config } = await this.#client(this.#region);
    const found = await (config.credentials as () => Promise<S3Credentials>)();
    registerSecret(found.secretAccessKey);
    registerSecret(found.sessionToken);
    return found;
  }

  /** Fetches new credentials. Those in the environment are read every time. */
  async refresh(bucket: string): Promise<void> {
    this.credentials?.refresh();
    if (this.#known !== undefined) return;
    const { config } = await this.for(bucket);
    await (config.credentials as (options: { readonly forceRefresh: true }) => Promise<unknown>)({
      forceRefresh: true,
    });
  }

  regionOf(bucket: string): string {
    return this.#regionOf.get(bucket) ?? this.#region;
  }

  setRegion(bucket: string, region: string): void {
    this.#regionOf.set(bucket, region);
  }

  destroy(): void {
    this.handler.destroy();
  }
}

type Made = Promise<S3Clients>;
const made = new Map<string, Made>();

/** The clients for these options; the same for the same options. */
export function s3ClientsOf(options: ObjectOptions): Made {
  const given = KEYS.map((name) => options[name] ?? null);
  const key = JSON.stringify([given, credentialsKey(options.credentials), networkKey()]);
  let clients = made.get(key);
  if (clients === undefined) {
    clients = S3Clients.create(options);
    made.set(key, clients);
    clients.catch(() => made.delete(key));
  }
  return clients;
}

/** Closes all connections, also those in use: for tests, and for whoever has finished. */
export async function closeS3Clients(): Promise<void> {
  const all = [...made.values()];
  made.clear();
  for (const clients of await Promise.allSettled(all))
    if (clients.status === 'fulfilled') clients.value.destroy();
}

const functions = new WeakMap<object, number>();
let functionCount = 0;

/** Functions are the same where they are the same object, keys where they are equal. */
function credentialsKey(credentials: S3Options['credentials']): unknown {
  if (typeof credentials !== 'function') return credentials ?? null;
  let number = functions.get(credentials);
  if (number === undefined) {
    number = ++functionCount;
    functions.set(credentials, number);
  }
  return number;
}

const KEYS: readonly (Exclude<keyof S3Options, 'credentials'> | keyof S3Timeouts)[] = [
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

const NOBODY = { accessKeyId: '', secretAccessKey: '' };
const nothing = (): void => {};
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
/** The service in this region tells where a bucket is. */
const FALLBACK_REGION = 'us-east-1';

function sharedConfig(
  options: ObjectOptions,
  handler: RequestHandler,
  endpoint: URL | undefined,
  credentials: CredentialsProvider | undefined,
): S3ClientConfig {
  const { profile, anonymous, pathStyle = endpoint !== undefined && !isOfAws(endpoint) } = options;
  return {
    requestHandler: handler as HandlerOfSdk,
    maxAttempts: 1,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // With bodies from 2 MiB on the SDK would ask first (Expect: 100-continue), which undici does not do.
    expectContinueHeader: false,
    logger: SILENT,
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint: endpoint.href }),
    ...(credentials !== undefined && { credentials: (async () => credentials.get()) as CredentialsOfSdk }),
    forcePathStyle: pathStyle,
    ...(anonymous && { signer: { sign: async (request) => request }, credentials: NOBODY }),
  };
}

const NO_NODE_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/**
 * Creates a client without the SDK's announcement, once per process, that its versions from 2027 on
 * need Node 22. The variable is the SDK's own switch; it is read only while a client is created.
 */
function newClient(sdk: S3Sdk, config: S3ClientConfig): S3Client {
  const before = process.env[NO_NODE_WARNING];
  process.env[NO_NODE_WARNING] = 'true';
  try {
    return new sdk.S3Client(config);
  } finally {
    if (before === undefined) delete process.env[NO_NODE_WARNING];
    else process.env[NO_NODE_WARNING] = before;
  }
}

async function configuredRegion(client: S3Client): Promise<string> {
  return environmentRegion() ?? (await client.config.region().catch(() => FALLBACK_REGION));
}

async function configuredEndpoint(client: S3Client, profile: string | undefined): Promise<URL | undefined> {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  const { serviceConfiguredEndpoint } = client.config as {
    serviceConfiguredEndpoint?: () => Promise<unknown>;
  };
  // The SDK looks for it in the profile that the environment names, whichever it was given.
  const ask = async (): Promise<unknown> => serviceConfiguredEndpoint?.();
  const endpoint = profile === undefined ? ask() : withEnvironment('AWS_PROFILE', profile, ask);
  const found = (await endpoint) as string | undefined;
  return found ? serviceUrl(found, `endpoint_url of profile ${profile ?? 'default'}`) : undefined;
}

async function withEnvironment<T>(name: string, value: string, use: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await use();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

const VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'] as const;

/** The service that the environment names. @throws UsageError */
export function environmentEndpoint(): URL | undefined {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  const variable = VARIABLES.find((name) => process.env[name]);
  return variable === undefined ? undefined : serviceUrl(process.env[variable] as string, variable);
}

export function isOfAws({ hostname }: URL): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonaws\.eu)$/.test(hostname);
}
