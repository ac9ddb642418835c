import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import type { ObjectOptions } from '../../../src/storage/index.ts';
import { type CliRun, cli } from '../../support/cli.ts';
import type { Kind } from './kinds.ts';
import { installed, type S3Server } from './server.ts';

/**
 * Access of the tests to a service: its SDK client, recordpipe's options, and the environment of
 * commands.
 */
export class Service {
  readonly kind: Kind;
  readonly options: Partial<ObjectOptions>;
  readonly client: S3Client;
  readonly env: NodeJS.ProcessEnv;
  readonly #server: S3Server;
  #buckets = 0;

  constructor(kind: Kind, server: S3Server) {
    this.kind = kind;
    this.#server = server;
    const { endpoint, region, credentials } = server;
    this.options = { endpointUrl: endpoint, region };
    this.client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    this.env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  get endpoint(): string {
    return this.#server.endpoint;
  }

  async makeBucket(): Promise<string> {
    const name = `bucket-${this.#buckets++}`;
    await this.client.send(new CreateBucketCommand({ Bucket: name }));
    return name;
  }

  async fill(bucket: string, keys: readonly string[]): Promise<void> {
    await this.#server.fill?.(bucket, keys);
  }

  async put(
    bucket: string,
    key: string,
    body: Uint8Array | string,
    more: Partial<PutObjectCommandInput> = {},
  ): Promise<void> {
    const Body = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    await this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ...more }));
  }

  /** Reads an object with the SDK. */
  async get(bucket: string, key: string): Promise<Uint8Array> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body!.transformToByteArray();
  }

  /** Runs recordpipe's command line, which finds the service through the environment. */
  cli(...args: string[]): Promise<CliRun> {
    return cli(args, { env: this.env });
  }

  /** Runs the command line with additional environment variables. */
  cliAs(env: NodeJS.ProcessEnv, ...args: string[]): Promise<CliRun> {
    return cli(args, { env: { ...this.env, ...env } });
  }

  /**
   * Runs `aws`, `s5cmd`, or a program of this directory with the Python that has boto3. Returns its
   * output.
   */
  run(program: 'aws' | 's5cmd' | 'boto3_objects.py', ...args: string[]): string {
    const bin = (name: string): string => installed(`s3-clients/bin/${name}`);
    const line = program.endsWith('.py')
      ? [bin('python'), '-B', fileURLToPath(new URL(program, import.meta.url)), ...args]
      : [bin(program), ...(program === 's5cmd' ? ['--endpoint-url', this.endpoint] : []), ...args];
    const { status, stdout, stderr } = spawnSync(line[0]!, line.slice(1), {
      encoding: 'utf8',
      env: { ...process.env, ...this.env, ...this.#leniency() },
    });
    if (status !== 0) throw new Error(`${line.join(' ')}: ended with ${status}:\n${stderr}`);
    return stdout;
  }

  /**
   * moto returns the checksum of checksums as the full-object checksum of multipart objects, and
   * the AWS command line would verify it.
   */
  #leniency(): NodeJS.ProcessEnv {
    return this.kind.checksums === 'whole' ? { AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required' } : {};
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.#server.stop();
  }
}

/** The service, available once it runs, and facts that are known earlier. */
export interface ServiceOf {
  (): Service;
  readonly kind: Kind;
}

/**
 * Provides a service for the tests of one file. Credentials are in environment variables, where the
 * library looks for them.
 */
export function serviceFor(kind: Kind): ServiceOf {
  let service: Service | undefined;
  const before = { ...process.env };
  beforeAll(async () => {
    service = new Service(kind, await kind.start());
    Object.assign(process.env, service.env);
  });
  afterAll(async () => {
    for (const name of Object.keys(service?.env ?? {})) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await service?.stop();
  });
  const running = (): Service => {
    if (service === undefined) throw new Error(`${kind.name} did not start`);
    return service;
  };
  return Object.assign(running, { kind });
}
