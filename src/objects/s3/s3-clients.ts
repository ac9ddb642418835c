import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { ObjectOptions, S3Options } from '../object-options.ts';
import { DirectGets } from './direct-get.ts';
import { RequestHandler } from './request-handler.ts';

/** Its types know no other AbortSignal than their own. */
type HandlerOfSdk = NonNullable<S3ClientConfig['requestHandler']>;

/** The clients for one set of options: one per region, over one pool of connections. */
export class S3Clients {
  readonly handler: RequestHandler;
  /** The URL of a service other than AWS's. */
  readonly endpointUrl: string | undefined;
  readonly #shared: S3ClientConfig;
  readonly #clients = new Map<string, S3Client>();
  readonly #direct = new Map<S3Client, DirectGets>();
  readonly #anonymous: boolean;
  /** What the service said of buckets that are elsewhere. */
  readonly #regionOf = new Map<string, string>();
  readonly #region: string;

  private constructor(
    handler: RequestHandler,
    shared: S3ClientConfig,
    region: string,
    endpointUrl: string | undefined,
    anonymous: boolean,
  ) {
    this.#anonymous = anonymous;
    this.handler = handler;
    this.#shared = shared;
    this.#region = region;
    this.endpointUrl = endpointUrl;
  }

  /** Asks environment and profile for what the options leave open. Nothing is sent yet. */
  static async create(options: ObjectOptions): Promise<S3Clients> {
    const { profile, anonymous } = options;
    const asked = quietly(() => new S3Client({ ...(profile !== undefined && { profile }) }));
    const region = options.region ?? (await configuredRegion(asked));
    const endpointUrl = options.endpointUrl ?? (await configuredEndpoint(asked));
    asked.destroy();
    const handler = new RequestHandler(options);
    const shared: S3ClientConfig = {
      requestHandler: handler as HandlerOfSdk,
      maxAttempts: 1,
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestChecksumCalculation: 'WHEN_REQUIRED',
      // With bodies from 2 MiB on the SDK would ask first (Expect: 100-continue), which undici does not do.
      expectContinueHeader: false,
      logger: SILENT,
      ...(profile !== undefined && { profile }),
      ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
      forcePathStyle: options.pathStyle ?? (endpointUrl !== undefined && !isOfAws(endpointUrl)),
      ...(anonymous && { signer: { sign: async (request) => request }, credentials: NOBODY }),
    };
    return new S3Clients(handler, shared, region, endpointUrl, anonymous);
  }

  /** The client for a bucket: that of the region in which it is known to be. */
  for(bucket: string): S3Client {
    const region = this.regionOf(bucket);
    let client = this.#clients.get(region);
    if (client === undefined) {
      client = new S3Client({ ...this.#shared, region });
      this.#clients.set(region, client);
    }
    return client;
  }

  /** The short way to objects of a bucket. */
  directGets(bucket: string): DirectGets {
    const client = this.for(bucket);
    let direct = this.#direct.get(client);
    if (direct === undefined) {
      direct = new DirectGets(client, this.handler, this.regionOf(bucket), this.#anonymous);
      this.#direct.set(client, direct);
    }
    return direct;
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

/** Without the SDK's warning, once per process, that its later versions want a newer Node: which version of it runs is not the user's choice. */
function quietly(create: () => S3Client): S3Client {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return create();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

async function configuredRegion(client: S3Client): Promise<string> {
  // AWS's other tools know the second name too.
  const named = process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'];
  return named || (await client.config.region().catch(() => FALLBACK_REGION));
}

async function configuredEndpoint(client: S3Client): Promise<string | undefined> {
  if (process.env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  const { serviceConfiguredEndpoint } = client.config as {
    serviceConfiguredEndpoint?: () => Promise<unknown>;
  };
  return ((await serviceConfiguredEndpoint?.()) as string | undefined) || undefined;
}

function isOfAws(endpointUrl: string): boolean {
  return /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonaws\.eu)$/.test(new URL(endpointUrl).hostname);
}
