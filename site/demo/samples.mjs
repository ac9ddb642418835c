import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';

const RECORDS = 1000;

/** Builds a small sample file in the browser: `valid`, `damaged` or `gzip`. */
export async function sampleFile(kind) {
  const frames = Array.from({ length: RECORDS }, (_, i) =>
    encodeTFRecord(
      encodeExample({
        id: { kind: 'int64', value: [i] },
        label: { kind: 'bytes', value: [i % 2 === 0 ? 'cat' : 'dog'] },
        embedding: { kind: 'float', value: Array.from({ length: 16 }, (_, k) => Math.sin(i + k)) },
      }),
    ),
  );
  const plain = new Blob(frames);
  if (kind === 'gzip') {
    const gzipped = await new Response(plain.stream().pipeThrough(new CompressionStream('gzip'))).blob();
    return new File([gzipped], 'sample.tfrecord.gz');
  }
  if (kind === 'valid') return new File([plain], 'sample.tfrecord');
  const bytes = new Uint8Array(await plain.arrayBuffer());
  // One wrong bit in a payload, and a truncated last record.
  bytes[500 * frames[0].length + 40] ^= 1;
  return new File([bytes.subarray(0, bytes.length - 20)], 'damaged.tfrecord');
}
