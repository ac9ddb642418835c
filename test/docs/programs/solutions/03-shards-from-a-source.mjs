import { encodeExample } from 'recordpipe/messages';
import { openRecordShards } from 'recordpipe/records/write';
import { rows } from './source.mjs';

const cancel = new AbortController();
process.once('SIGTERM', () => cancel.abort());

const writer = openRecordShards('out/rows', {
  format: 'tfrecord',
  suffix: '.tfrecord',
  maxShardBytes: 65536,
  overwrite: true,
  signal: cancel.signal,
});
try {
  for await (const { id, text } of rows())
    await writer.write(
      encodeExample({ id: { kind: 'int64', value: [id] }, text: { kind: 'bytes', value: [text] } }),
    );
  await writer.close();
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
} finally {
  await writer.abort();
}
