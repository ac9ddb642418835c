// Writes the lines of a JSON Lines file, {"text": "good", "label": 1}, as tf.Examples to shards.
//
//   node write-shards.mjs reviews.jsonl shards/reviews
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { readTextLines } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { openTFRecordShards } from 'recordpipe/records/write';
import { run } from './run.mjs';

await run(async () => {
  const [input, prefix] = process.argv.slice(2);
  if (prefix === undefined) {
    console.error('usage: node write-shards.mjs INPUT.jsonl PREFIX');
    process.exitCode = 2;
    return;
  }
  mkdirSync(dirname(prefix), { recursive: true });
  const writer = openTFRecordShards(prefix, { suffix: '.tfrecord', maxShardBytes: 128 * 2 ** 20 });
  try {
    let line = 0;
    for await (const bytes of readTextLines(input))
      await writer.write(exampleOf(bytes, `${input}:${++line}`));
    for (const { path, records } of await writer.close()) console.log(`${path}: ${records} records`);
  } finally {
    await writer.abort(); // removes incomplete shards; does nothing after close()
  }
});

function exampleOf(bytes, place) {
  let review;
  try {
    review = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`${place}: ${error.message}`, { cause: error });
  }
  if (typeof review?.text !== 'string' || !Number.isSafeInteger(review.label))
    throw new Error(`${place}: expected {"text": string, "label": integer}`);
  return encodeExample({
    text: { kind: 'bytes', value: [review.text] },
    label: { kind: 'int64', value: [review.label] },
  });
}
