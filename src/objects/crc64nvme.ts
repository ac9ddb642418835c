/** NVMe's polynomial, bits reversed, in halves. */
const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;
const SLICES = 8;

interface Tables {
  readonly high: Int32Array;
  readonly low: Int32Array;
}

let tables: Tables | undefined;

/** The CRC-64/NVME that S3 keeps of objects unless told otherwise, eight bytes at a step in two halves: numbers hold no 64 bits, and BigInt is slow. */
export class Crc64Nvme {
  readonly #tables: Tables = sharedTables();
  #high = -1;
  #low = -1;

  update(bytes: Uint8Array): void {
    const { high: th, low: tl } = this.#tables;
    let high = this.#high;
    let low = this.#low;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      const a = low ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
      const b = high ^ (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24));
      const i0 = 1792 + (a & 255);
      const i1 = 1536 + ((a >>> 8) & 255);
      const i2 = 1280 + ((a >>> 16) & 255);
      const i3 = 1024 + (a >>> 24);
      const i4 = 768 + (b & 255);
      const i5 = 512 + ((b >>> 8) & 255);
      const i6 = 256 + ((b >>> 16) & 255);
      const i7 = b >>> 24;
      high = th[i0] ^ th[i1] ^ th[i2] ^ th[i3] ^ th[i4] ^ th[i5] ^ th[i6] ^ th[i7];
      low = tl[i0] ^ tl[i1] ^ tl[i2] ^ tl[i3] ^ tl[i4] ^ tl[i5] ^ tl[i6] ^ tl[i7];
    }
    for (; at < bytes.length; at++) {
      const index = (low ^ bytes[at]) & 255;
      low = ((low >>> 8) | (high << 24)) ^ tl[index];
      high = (high >>> 8) ^ th[index];
    }
    this.#high = high;
    this.#low = low;
  }

  /** In base64, most significant byte first, as S3 gives it. */
  value(): string {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0, 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes.toString('base64');
  }
}

/** Made when they are first needed. */
function sharedTables(): Tables {
  tables ??= makeTables();
  return tables;
}

function makeTables(): Tables {
  const high = new Int32Array(256 * SLICES);
  const low = new Int32Array(256 * SLICES);
  for (let i = 0; i < 256; i++) {
    let h = 0;
    let l = i;
    for (let bit = 0; bit < 8; bit++) {
      const out = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (out === 1) {
        h ^= POLYNOMIAL_HIGH;
        l ^= POLYNOMIAL_LOW;
      }
    }
    high[i] = h;
    low[i] = l;
  }
  for (let i = 256; i < high.length; i++) {
    const h = high[i - 256];
    const l = low[i - 256];
    low[i] = ((l >>> 8) | (h << 24)) ^ low[l & 255];
    high[i] = (h >>> 8) ^ high[l & 255];
  }
  return { high, low };
}
