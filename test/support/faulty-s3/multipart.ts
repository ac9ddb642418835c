import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import { type Checksums, checksum, checksumHeaders, givenChecksums, verify } from './checksums.ts';
import { escapeXml, S3Failure } from './failure.ts';
import { xml } from './list.ts';
import { checkNoClobber, contentTypeOf, metadataOf, refuseFramed } from './put.ts';
import type { LoggedRequest } from './request.ts';
import type { Store, Version } from './store.ts';

interface Part {
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly checksums: Checksums;
}

interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly algorithm: string | undefined;
  readonly type: Version['checksumType'];
  readonly metadata: Record<string, string>;
  readonly contentType: string | undefined;
  readonly initiated: Date;
  readonly parts: Map<number, Part>;
}

/** Implements multipart uploads with S3's rules for order, sizes, and checksums. */
export class Uploads {
  readonly #store: Store;
  readonly #minPartBytes: number;
  readonly #uploads = new Map<string, Upload>();
  #count = 0;

  /** @param minPartBytes replaces S3's 5 MiB, the minimum size of all parts except the last */
  constructor(store: Store, minPartBytes: number) {
    this.#store = store;
    this.#minPartBytes = minPartBytes;
  }

  /** Number of uploads neither completed nor aborted. */
  get open(): number {
    return this.#uploads.size;
  }

  create(request: LoggedRequest): Answer {
    const { bucket, key, headers } = request;
    this.#store.keys(bucket);
    const algorithm = text(headers['x-amz-checksum-algorithm'])?.toLowerCase();
    const upload: Upload = {
      id: `upload-${++this.#count}`,
      bucket,
      key,
      algorithm,
      type: algorithm === undefined ? undefined : typeOf(headers['x-amz-checksum-type']),
      metadata: metadataOf(request),
      contentType: contentTypeOf(request),
      initiated: new Date(),
      parts: new Map(),
    };
    this.#uploads.set(upload.id, upload);
    return xml(
      `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><UploadId>${upload.id}</UploadId></InitiateMultipartUploadResult>`,
      algorithm === undefined ? {} : { 'x-amz-checksum-algorithm': algorithm.toUpperCase() },
    );
  }

  part(request: LoggedRequest, bytes: Uint8Array): Answer {
    refuseFramed(request);
    const upload = this.#upload(request);
    const number = Number(request.query.get('partNumber'));
    if (!(Number.isInteger(number) && number >= 1 && number <= 10_000))
      throw new S3Failure(
        400,
        'InvalidArgument',
        'Part number must be an integer between 1 and 10000, inclusive',
      );
    const checksums = verify(bytes, request.headers);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    upload.parts.set(number, { bytes, etag, checksums });
    return {
      status: 200,
      headers: { etag, 'content-length': '0', ...checksumHeaders(checksums, undefined) },
    };
  }

  listParts(request: LoggedRequest): Answer {
    const upload = this.#upload(request);
    const after = Number(request.query.get('part-number-marker') ?? 0);
    const numbers = [...upload.parts.keys()].sort((a, b) => a - b).filter((number) => number > after);
    const max = Math.min(1000, Number(request.query.get('max-parts') ?? 1000));
    const parts = numbers.slice(0, max).map((number) => {
      const { bytes, etag, checksums } = upload.parts.get(number)!;
      const sums = Object.entries(checksums).map(
        ([kind, value]) => `<${element(kind)}>${value}</${element(kind)}>`,
      );
      return `<Part><PartNumber>${number}</PartNumber><LastModified>${upload.initiated.toISOString()}</LastModified><ETag>${escapeXml(etag)}</ETag><Size>${bytes.length}</Size>${sums.join('')}</Part>`;
    });
    const more = numbers.length > max;
    return xml(
      `<ListPartsResult><Bucket>${upload.bucket}</Bucket><Key>${escapeXml(upload.key)}</Key><UploadId>${upload.id}</UploadId>` +
        `<MaxParts>${max}</MaxParts><IsTruncated>${more}</IsTruncated>${more ? `<NextPartNumberMarker>${numbers[max - 1]}</NextPartNumberMarker>` : ''}` +
        `${upload.algorithm === undefined ? '' : `<ChecksumAlgorithm>${upload.algorithm.toUpperCase()}</ChecksumAlgorithm>`}${parts.join('')}</ListPartsResult>`,
    );
  }

  list(request: LoggedRequest): Answer {
    this.#store.keys(request.bucket);
    const prefix = request.query.get('prefix') ?? '';
    const found = [...this.#uploads.values()].filter(
      ({ bucket, key }) => bucket === request.bucket && key.startsWith(prefix),
    );
    const uploads = found.map(
      ({ id, key, initiated }) =>
        `<Upload><Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId><Initiated>${initiated.toISOString()}</Initiated></Upload>`,
    );
    return xml(
      `<ListMultipartUploadsResult><Bucket>${request.bucket}</Bucket><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`,
    );
  }

  complete(request: LoggedRequest, body: Uint8Array): Answer {
    const upload = this.#upload(request);
    checkNoClobber(this.#store, request);
    const parts = this.#partsOf(upload, Buffer.from(body).toString());
    const bytes = Buffer.concat(parts.map((part) => part.bytes));
    const { checksums, type } = checksumOfParts(upload, parts, bytes);
    for (const [kind, value] of Object.entries(givenChecksums(request.headers))) {
      if (kind === upload.algorithm && checksums[kind] !== value)
        throw new S3Failure(400, 'BadDigest', `The ${kind.toUpperCase()} you specified did not match.`);
    }
    const hash = createHash('md5');
    for (const { etag } of parts) hash.update(Buffer.from(etag.slice(1, -1), 'hex'));
    const { metadata, contentType } = upload;
    const etag = `"${hash.digest('hex')}-${parts.length}"`;
    const details = {
      etag,
      metadata,
      contentType,
      ...(type === undefined ? {} : { checksums, checksumType: type }),
    };
    const version = this.#store.put(`${upload.bucket}/${upload.key}`, bytes, details);
    this.#uploads.delete(upload.id);
    const sums = Object.entries(checksums).map(
      ([kind, value]) => `<${element(kind)}>${value}</${element(kind)}>`,
    );
    return xml(
      `<CompleteMultipartUploadResult><Bucket>${upload.bucket}</Bucket><Key>${escapeXml(upload.key)}</Key><ETag>${escapeXml(etag)}</ETag>` +
        `${sums.join('')}${type === undefined ? '' : `<ChecksumType>${type}</ChecksumType>`}</CompleteMultipartUploadResult>`,
      { 'x-amz-version-id': version.versionId },
    );
  }

  abort(request: LoggedRequest): Answer {
    this.#uploads.delete(this.#upload(request).id);
    return { status: 204, headers: {} };
  }

  /** Returns the parts of a completion request, in its order. */
  #partsOf(upload: Upload, manifest: string): Part[] {
    const named = [...manifest.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part]) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: /<ETag>(.*?)</.exec(part)?.[1].replaceAll('&quot;', '"').replaceAll('"', ''),
    }));
    if (named.length === 0) throw new S3Failure(400, 'MalformedXML');
    if (named.some(({ number }, i) => i > 0 && number <= named[i - 1].number))
      throw new S3Failure(400, 'InvalidPartOrder');
    return named.map(({ number, etag }, i) => {
      const part = upload.parts.get(number);
      if (part === undefined || part.etag !== `"${etag}"`) throw new S3Failure(400, 'InvalidPart');
      if (i < named.length - 1 && part.bytes.length < this.#minPartBytes)
        throw new S3Failure(400, 'EntityTooSmall');
      return part;
    });
  }

  #upload({ query, bucket, key }: LoggedRequest): Upload {
    const upload = this.#uploads.get(query.get('uploadId') ?? '');
    if (upload === undefined || upload.bucket !== bucket || upload.key !== key)
      throw new S3Failure(404, 'NoSuchUpload');
    return upload;
  }
}

function checksumOfParts(
  { algorithm, type }: Upload,
  parts: readonly Part[],
  bytes: Uint8Array,
): Pick<Version, 'checksums'> & { readonly type: Version['checksumType'] } {
  if (algorithm === undefined || algorithm === 'crc64nvme') return { checksums: {}, type: undefined };
  if (type === 'FULL_OBJECT') return { checksums: { [algorithm]: checksum(algorithm, bytes) }, type };
  const sums = parts.map((part) =>
    Buffer.from(part.checksums[algorithm] ?? checksum(algorithm, part.bytes), 'base64'),
  );
  const value = `${checksum(algorithm, Buffer.concat(sums))}-${parts.length}`;
  return { checksums: { [algorithm]: value }, type: 'COMPOSITE' };
}

function typeOf(header: string | string[] | undefined): Version['checksumType'] {
  return header === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE';
}

function element(kind: string): string {
  return `Checksum${kind.toUpperCase()}`;
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
