// Runs in the browser: reads the server's files in every way and writes the results to the
// document.
import {
  type ByteSource,
  crc32c,
  crc32cKernel,
  decodeTFRecords,
  encodeTFRecord,
  isRecordpipeError,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
  type TFRecordReadOptions,
  tfrecordDecoderStream,
  tfrecordEncoderStream,
} from 'recordpipe';
import type { PageReading, PageResults } from './results.ts';

async function reading(
  source: ByteSource | Promise<ByteSource>,
  options?: Partial<TFRecordReadOptions>,
): Promise<PageReading> {
  return collect(
    (async function* () {
      yield* readTFRecords(await source, options);
    })(),
  );
}

async function collect(records: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<PageReading> {
  const found: string[] = [];
  try {
    for await (const record of records) found.push(`${record.length} ${await sha256(record)}`);
  } catch (error) {
    const typed = isRecordpipeError(error) ? error : undefined;
    const place = typed && { code: typed.code, record: typed.record ?? null, offset: typed.offset ?? null };
    return { records: found, error: place ?? String(error) };
  }
  return { records: found, error: null };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.slice()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function bytesOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(name)).arrayBuffer());
}

async function body(name: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return (await fetch(name)).body!;
}

async function* batches(name: string): AsyncGenerator<Uint8Array> {
  for await (const batch of readTFRecordBatches(await fetch(name)))
    for (let i = 0; i < batch.length; i++) yield batch.record(i);
}

async function encodedByStream(payloads: Uint8Array[]): Promise<Uint8Array> {
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const payload of payloads) controller.enqueue(payload);
      controller.close();
    },
  });
  const stream = source.pipeThrough(tfrecordEncoderStream()) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function run(): Promise<PageResults> {
  const plain = await bytesOf('sizes.tfrecord');
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const [first, second] = [noise.subarray(0, 777), noise.subarray(777)];
  const scan = await scanTFRecords(await fetch('sizes-gzip.tfrecord'));
  return {
    kernel: crc32cKernel(),
    check: crc32c(new TextEncoder().encode('123456789')),
    fileChecksum: crc32c(plain),
    inTwoParts: crc32c(second, crc32c(first)) === crc32c(noise),
    scan: { records: scan.records, errors: scan.errorCount, compression: scan.compression },
    ownFrames: [...decodeTFRecords(await encodedByStream([first, second]))].map(({ length }) => length),
    sameAsOneByOne: String(await encodedByStream([first])) === String(encodeTFRecord(first)),
    readings: {
      Response: await reading(fetch('sizes.tfrecord')),
      'Response, reuse': await reading(fetch('sizes.tfrecord'), { reuse: true }),
      Blob: await reading(new Blob([plain])),
      File: await reading(new File([plain], 'sizes.tfrecord')),
      ReadableStream: await reading(body('sizes.tfrecord')),
      Uint8Array: await reading(plain),
      ArrayBuffer: await reading(plain.buffer),
      sync: await collect(decodeTFRecords(plain)),
      batches: await collect(batches('sizes.tfrecord')),
      'decoder stream': await collect(
        (await body('sizes.tfrecord')).pipeThrough(
          tfrecordDecoderStream(),
        ) as unknown as AsyncIterable<Uint8Array>,
      ),
      gzip: await reading(fetch('sizes-gzip.tfrecord')),
      'gzip Blob': await reading(new Blob([await bytesOf('sizes-gzip.tfrecord')])),
      'gzip inflated by the page': await reading(
        (await body('sizes-gzip.tfrecord')).pipeThrough(new DecompressionStream('gzip')),
      ),
      zlib: await reading(fetch('sizes-zlib.tfrecord')),
      damaged: await reading(fetch('damaged-data.tfrecord')),
      'truncated gzip': await reading(fetch('truncated-gzip.tfrecord')),
      'gzip members': await reading(fetch('gzip-members.tfrecord')),
      HTML: await reading(fetch('not-a-tfrecord-html.tfrecord')),
      missing: await reading(fetch('missing.tfrecord')),
      path: await reading('sizes.tfrecord'),
      aborted: await reading(fetch('sizes.tfrecord'), { signal: AbortSignal.abort() }),
    },
  };
}

const text = await run().then(JSON.stringify, (error: Error) => `${error}\n${error.stack}`);
document.querySelector('#results')!.textContent = text;
// The server delays an image until this request. The browser prints the document once it is loaded.
void fetch('finished');
