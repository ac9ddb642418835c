/** Writes parts of protobuf messages whose sizes are known into memory that has room for them. */
export class MessageWriter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  /** Tag and length of a delimited field. */
  head(tag: number, length: number): void {
    this.bytes[this.#at++] = tag;
    let rest = length;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.bytes[this.#at++] = rest;
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** 64-bit integers as varints, from their words, the lower one first. */
  varints(words: Int32Array): void {
    const { bytes } = this;
    let at = this.#at;
    for (let i = 0; i < words.length; i += 2) {
      let low = words[i] >>> 0;
      let high = words[i + 1] >>> 0;
      while (high > 0) {
        bytes[at++] = (low & 0x7f) | 0x80;
        low = ((low >>> 7) | (high << 25)) >>> 0;
        high >>>= 7;
      }
      while (low >= 0x80) {
        bytes[at++] = (low & 0x7f) | 0x80;
        low >>>= 7;
      }
      bytes[at++] = low;
    }
    this.#at = at;
  }
}

/** Bytes of a delimited field with a tag of one byte. */
export function fieldSize(length: number): number {
  let size = 2;
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 128)) size++;
  return size + length;
}

/** Bytes of 64-bit integers as varints, from their words. */
export function varintsSize(words: Int32Array): number {
  let size = 0;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i];
    const high = words[i + 1];
    if (high === 0) {
      size += low >>> 0 < 0x80 ? 1 : Math.ceil((32 - Math.clz32(low)) / 7);
    } else size += Math.ceil((64 - Math.clz32(high)) / 7);
  }
  return size;
}
