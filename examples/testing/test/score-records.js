// Builds record files in memory, so that tests need no files.
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';

export function scoreRecords(...scores) {
  return Buffer.concat(
    scores.map((score) => encodeTFRecord(encodeExample({ score: { kind: 'float', value: [score] } }))),
  );
}
