import { crc32c } from '../crc32c/index.ts';
import { RecordpipeError } from '../errors.ts';
import { Crc64Nvme } from './crc64nvme.ts';
import type { ObjectChecksum, ObjectStat } from './object-source.ts';

/** A checksum that is computed as bytes come. */
interface Digest {
  update(chunk: Uint8Array): void;
  /** In base64. */
  value(): string;
}

type Algorithm = ObjectChecksum['algorithm'];

/** Cheapest first. */
const KNOWN: readonly Algorithm[] = ['crc32c', 'crc32', 'crc64nvme', 'sha1', 'sha256'];

/** Compares the bytes of a whole object with the checksum that the service keeps of it. The service is asked while the first bytes are on their way. */
export class ObjectVerification {
  readonly #uri: string;
  #pending = true;
  #failure: unknown;
  #stat: ObjectStat | undefined;
  #expected: ObjectChecksum | undefined;
  #digest: Digest | undefined;

  /** @param onAnswer called when {@link pending} has become false */
  constructor(uri: string, stat: Promise<ObjectStat>, onAnswer: () => void) {
    this.#uri = uri;
    this.#await(stat).then(onAnswer, (error: unknown) => {
      this.#pending = false;
      this.#failure = error;
      onAnswer();
    });
  }

  /** Whether the service has not answered yet: no byte can be handed out until then. */
  get pending(): boolean {
    return this.#pending;
  }

  /** @throws RecordpipeError where the service could not be asked */
  update(chunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#digest?.update(chunk);
  }

  /**
   * All bytes have been seen.
   * @returns why they could not be verified, undefined where they were
   * @throws RecordpipeError `object-checksum`
   */
  finish(etag: string | undefined): string | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#stat?.etag !== undefined && etag !== undefined && this.#stat.etag !== etag)
      return 'it was overwritten when its checksum was asked for';
    const expected = this.#expected;
    if (expected === undefined || this.#digest === undefined)
      return unverifiable(this.#stat?.checksums ?? []);
    const got = this.#digest.value();
    if (got === expected.value) return undefined;
    throw new RecordpipeError(
      'object-checksum',
      `the bytes do not match the object's own checksum: expected ${expected.algorithm} ${expected.value}, got ${got}; read it again, and if that does not help, upload it again`,
      { uri: this.#uri },
    );
  }

  async #await(asked: Promise<ObjectStat>): Promise<void> {
    const stat = await asked;
    const whole = stat.checksums.filter(({ kind }) => kind === 'whole');
    const algorithm = KNOWN.find((name) => whole.some((one) => one.algorithm === name));
    this.#stat = stat;
    if (algorithm !== undefined) {
      this.#expected = whole.find((one) => one.algorithm === algorithm);
      this.#digest = await newDigest(algorithm);
    }
    this.#pending = false;
  }
}

function unverifiable(checksums: readonly ObjectChecksum[]): string {
  if (checksums.length === 0) return 'the service keeps no checksum of it';
  const whole = checksums.find(({ kind }) => kind === 'whole');
  return whole === undefined
    ? `the service keeps only a checksum of its parts' checksums (${checksums[0].algorithm})`
    : `the service keeps only a checksum that is not known here (${whole.algorithm})`;
}

async function newDigest(algorithm: Algorithm): Promise<Digest> {
  if (algorithm === 'crc32c') return rolling(crc32c);
  if (algorithm === 'crc32') {
    const { crc32 } = await import('node:zlib');
    return rolling((chunk, seed) => crc32(chunk, seed));
  }
  if (algorithm === 'crc64nvme') return new Crc64Nvme();
  const { createHash } = await import('node:crypto');
  const hash = createHash(algorithm);
  return { update: (chunk) => void hash.update(chunk), value: () => hash.digest('base64') };
}

function rolling(step: (chunk: Uint8Array, seed: number) => number): Digest {
  let crc = 0;
  return {
    update(chunk) {
      crc = step(chunk, crc);
    },
    value() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc >>> 0);
      return bytes.toString('base64');
    },
  };
}
