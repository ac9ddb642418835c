import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { ObjectOptions, S3Options } from '../object-options.ts';
import { DirectGets, type WhoAsks } from './direct-get.ts';
import { environmentRegion, isOfAws, type KnownService, knownService } from './known-service.ts';
import { RequestHandler } from './request-handler.ts';
import { s3Sdk } from './sdk.ts';
import type { Identity } from './sign-get.ts';

/** Its types know no other AbortSignal than their own. */
type HandlerOfSdk = NonNullable<S3ClientConfig['requestHandler']>;

/** The clients for one set of options: one per region, over one pool of connections. */
export class S3Clients {
  readonly handler: RequestHandler;
  /** The URL of a service other than AWS's. */
  readonly endpointUrl: string | undefined;
  readonly #shared: S3ClientConfig;
  readonly #known: KnownService | undefined;
  readonly #clients = new Map<string, Promise<S3Client>>();
  readonly #direct = new Map<string, DirectGets>();
  readonly #anonymous: boolean;
  /** What the service said of buckets that are elsewhere. */
  readonly #regionOf = new Map<string, string>();
  readonly #region: string;

  private constructor(
    options: ObjectOptions,
    region: string,
    endpointUrl: string | undefined,
    known: KnownService | undefined,
  ) {
    this.handler = new RequestHandler(options);
    this.endpointUrl = endpointUrl;
    this.#anonymous = options.anonymous;
    this.#known = known;
    this.#region = region;
    this.#shared = sharedConfig(options, this.handler, endpointUrl);
  }

  /** Asks environment and profile for what the options leave open. Nothing is sent yet. */
  static async create(options: ObjectOptions): Promise<S3Clients> {
    const known = knownService(options);
    if (known !== undefined)
      return new S3Clients(options, known.region, options.endpointUrl ?? known.endpoint.href, known);
    const { profile } = options;
    const sdk = await s3Sdk();
    const asked = await quietly(() => new sdk.S3Client({ ...(profile !== undefined && { profile }) }));
    const region = options.region ?? (await configuredRegion(asked));
    const endpointUrl = options.endpointUrl ?? (await configuredEndpoint(asked, profile));
    asked.destroy();
    return new S3Clients(options, region, endpointUrl, undefined);
  }

  /** The client for a bucket: that of the region in which it is known to be. */
  for(bucket: string): Promise<S3Client> {
    const region = this.regionOf(bucket);
    let client = this.#clients.get(region);
    if (client === undefined) {
      client = s3Sdk().then((sdk) => quietly(() => new sdk.S3Client({ ...this.#shared, region })));
      this.#clients.set(region, client);
    }
    return client;
  }

  /** The short way to objects of a bucket. */
  directGets(bucket: string): DirectGets {
    const region = this.regionOf(bucket);
    let direct = this.#direct.get(region);
    if (direct === undefined) {
      direct = new DirectGets(this.handler, region, this.#whoAsks(bucket), this.#known?.endpoint);
      this.#direct.set(region, direct);
    }
    return direct;
  }

  #whoAsks(bucket: string): WhoAsks {
    if (this.#known !== undefined) return this.#known.identity;
    if (this.#anonymous) return () => undefined;
    return async () => {
      const { config } = await this.for(bucket);
      return (config.credentials as () => Promise<Identity>)();
    };
  }

  /** Has credentials fetched anew; those in the environment are looked at every time. */
  async refresh(bucket: string): Promise<void> {
    if (this.#known !== undefined) return;
    const { config } = await this.for(bucket);
    await (config.credentials as (options: { readonly forceRefresh: true }) => Promise<unknown>)({
      forceRefresh: true,
    });
  }

  regionOf(bucket: string): string {
    return this.#regionOf.get(bucket) ?? this.#region;
  }

  /** Takes note of where a bucket is; whether that is news. */
  moved(bucket: string, region: string): boolean {
    if (this.regionOf(bucket) === region) return false;
    this.#regionOf.set(bucket, region);
    return true;
  }

  destroy(): void {
    this.handler.destroy();
  }
}

type Made = Promise<S3Clients>;
const made = new Map<string, Made>();

/** The clients for these options; the same for the same options. */
export function s3ClientsOf(options: ObjectOptions): Made {
  const key = JSON.stringify(KEYS.map((name) => options[name] ?? null));
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

const KEYS: readonly (keyof S3Options | 'connectTimeoutMs' | 'headersTimeoutMs' | 'idleTimeoutMs')[] = [
  'region',
  'profile',
  'endpointUrl',
  'pathStyle',
  'anonymous',
  'requesterPays',
  'connectTimeoutMs',
  'headersTimeoutMs',
  'idleTimeoutMs',
];

const NOBODY = { accessKeyId: '', secretAccessKey: '' };
const nothing = (): void => {};
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
/** The service in this region tells where a bucket is. */
const FALLBACK_REGION = 'us-east-1';

function sharedConfig(
  options: ObjectOptions,
  handler: RequestHandler,
  endpointUrl: string | undefined,
): S3ClientConfig {
  const { profile, anonymous, pathStyle = endpointUrl !== undefined && !isOfAws(endpointUrl) } = options;
  return {
    requestHandler: handler as HandlerOfSdk,
    maxAttempts: 1,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // With bodies from 2 MiB on the SDK would ask first (Expect: 100-continue), which undici does not do.
    expectContinueHeader: false,
    logger: SILENT,
    ...(profile !== undefined && { profile }),
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
    forcePathStyle: pathStyle,
    ...(anonymous && { signer: { sign: async (request) => request }, credentials: NOBODY }),
  };
}

/** Without the SDK's warning, once per process, that its later versions want a newer Node: which version of it runs is not the user's choice. */
function quietly(create: () => S3Client): Promise<S3Client> {
  return withEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true', async () => create());
}

async function configuredRegion(client: S3Client): Promise<string> {
  return environmentRegion() ?? (await client.config.region().catch(() => FALLBACK_REGION));
}

async function configuredEndpoint(
  client: S3Client,
  profile: string | undefined,
): Promise<string | undefined> {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  const { serviceConfiguredEndpoint } = client.config as {
    serviceConfiguredEndpoint?: () => Promise<unknown>;
  };
  // The SDK looks for it in the profile that the environment names, whichever it was given.
  const ask = async (): Promise<unknown> => serviceConfiguredEndpoint?.();
  const endpoint = profile === undefined ? ask() : withEnvironment('AWS_PROFILE', profile, ask);
  return ((await endpoint) as string | undefined) || undefined;
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
