// Validates the files that the page sends, one at a time, and reports progress and results.
import { isRecordpipeError, readRecords, scanRecords } from 'recordpipe';
import { decodeExample } from 'recordpipe/messages';

const MAX_FINDINGS = 100;
const MAX_VALUES = 8;

let queue = Promise.resolve();

addEventListener('message', ({ data: { id, file } }) => {
  queue = queue.then(() => validate(id, file));
});
postMessage({ event: 'loaded' });

async function validate(id, file) {
  const started = performance.now();
  try {
    const scan = await scanRecords(file, {
      uri: file.name,
      maxErrors: MAX_FINDINGS,
      onProgress: (bytes) => postMessage({ id, event: 'progress', bytes }),
    });
    const seconds = (performance.now() - started) / 1000;
    const { format, compression, records, payloadBytes, errorCount } = scan;
    postMessage({
      id,
      event: 'done',
      result: {
        format,
        compression,
        records,
        payloadBytes,
        errorCount,
        seconds,
        findings: scan.errors.map(findingOf),
        features: format === 'textline' ? [] : await featuresOf(file),
      },
    });
  } catch (error) {
    if (!isRecordpipeError(error)) {
      postMessage({ id, event: 'failed', reason: `The check failed: ${error}` });
      return;
    }
    const seconds = (performance.now() - started) / 1000;
    postMessage({
      id,
      event: 'done',
      result: {
        format: null,
        records: 0,
        errorCount: 1,
        seconds,
        findings: [findingOf(error)],
        features: [],
      },
    });
  }
}

function findingOf({ code, record, offset, message }) {
  return { code, record, offset, message };
}

/** Returns the features of the first record if it is a tf.train.Example. */
async function featuresOf(file) {
  try {
    for await (const record of readRecords(file, { uri: file.name })) {
      return Array.from(decodeExample(record)).map(([name, { kind, value }]) => ({
        name,
        kind,
        count: value.length,
        values: Array.from(value.slice(0, MAX_VALUES), textOf).join(', '),
      }));
    }
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
  }
  return [];
}

/** Returns a value as text: bytes as text if they are UTF-8, and only their number if they are not. */
function textOf(value) {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value);
    if (!/[\p{Cc}]/u.test(text)) return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  } catch {
    // Not text.
  }
  return `${value.length} bytes`;
}
