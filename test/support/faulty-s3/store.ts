import { UsageError } from '../../../src/errors.ts';
import { type Checksums, checksum } from './checksums.ts';
import { type Content, type ContentLike, contentOf } from './content.ts';
import { S3Failure } from './failure.ts';

/** One version of an object. */
export interface Version {
  readonly content: Content;
  /** Includes the quotation marks. */
  readonly etag: string;
  readonly versionId: string;
  readonly modified: Date;
  readonly metadata: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly checksums: Checksums;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE' | undefined;
}

/** Optional properties of an object. */
export interface PutDetails {
  readonly etag?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly contentType?: string | undefined;
  readonly checksums?: Checksums;
  readonly checksumType?: Version['checksumType'];
}

/** Buckets and their objects. Every version of an object stays readable by its version ID. */
export class Store {
  readonly #buckets = new Map<string, Map<string, Version[]>>();
  /** Keys in listing order; undefined after a change. */
  readonly #sorted = new Map<string, readonly string[]>();
  #versions = 0;

  createBucket(name: string): void {
    if (!this.#buckets.has(name)) this.#buckets.set(name, new Map());
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** `path` is `bucket/key`. Creates the bucket if it does not exist. */
  put(path: string, given: ContentLike, details: PutDetails = {}): Version {
    const [bucket, key] = splitPath(path);
    this.createBucket(bucket);
    const content = contentOf(given);
    const version: Version = {
      content,
      etag: details.etag ?? `"${content.token}"`,
      versionId: `v${++this.#versions}`,
      modified: new Date(),
      metadata: details.metadata ?? {},
      contentType: details.contentType ?? 'binary/octet-stream',
      checksums: details.checksums ?? {},
      checksumType: details.checksumType ?? (details.checksums === undefined ? undefined : 'FULL_OBJECT'),
    };
    const objects = this.#bucket(bucket);
    const versions = objects.get(key);
    if (versions === undefined) {
      objects.set(key, [version]);
      this.#sorted.delete(bucket);
    } else {
      versions.push(version);
    }
    return version;
  }

  delete(path: string): void {
    const [bucket, key] = splitPath(path);
    this.#bucket(bucket).delete(key);
    this.#sorted.delete(bucket);
  }

  find(path: string): Version | undefined {
    const [bucket, key] = splitPath(path);
    return this.#buckets.get(bucket)?.get(key)?.at(-1);
  }

  /** @throws S3Failure NoSuchBucket, NoSuchKey, NoSuchVersion */
  get(bucket: string, key: string, versionId?: string): Version {
    const versions = this.#bucket(bucket).get(key);
    if (versions === undefined) throw new S3Failure(404, 'NoSuchKey', undefined, { elements: { Key: key } });
    if (versionId === undefined) return versions.at(-1)!;
    const found = versions.find((version) => version.versionId === versionId);
    if (found === undefined) throw new S3Failure(404, 'NoSuchVersion', undefined, { elements: { Key: key } });
    return found;
  }

  /** Returns all keys of a bucket in the order of their UTF-8 bytes. */
  keys(bucket: string): readonly string[] {
    let keys = this.#sorted.get(bucket);
    if (keys === undefined) {
      const all = [...this.#bucket(bucket).keys()].map((key) => ({ key, bytes: Buffer.from(key) }));
      keys = all.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ key }) => key);
      this.#sorted.set(bucket, keys);
    }
    return keys;
  }

  #bucket(name: string): Map<string, Version[]> {
    const objects = this.#buckets.get(name);
    if (objects === undefined)
      throw new S3Failure(404, 'NoSuchBucket', undefined, { elements: { BucketName: name } });
    return objects;
  }
}

/**
 * Returns the checksums that S3 adds if the client sends none: here CRC32C, for objects in memory.
 */
export function checksumsOf({ content, checksums }: Version): Checksums {
  if (Object.keys(checksums).length > 0 || content.bytes === undefined) return checksums;
  return { crc32c: checksum('crc32c', content.bytes) };
}

function splitPath(path: string): [bucket: string, key: string] {
  const slash = path.indexOf('/');
  if (slash < 1) throw new UsageError(`path: expected bucket/key, got ${path}`);
  return [path.slice(0, slash), path.slice(slash + 1)];
}
