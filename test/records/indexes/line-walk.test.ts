import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findLines } from '../../../src/formats/textline/frames.ts';
import { textLineReading } from '../../../src/formats/textline/options.ts';
import { decodeTextLineBatches, isRecordpipeError } from '../../../src/index.ts';
import { FrameTableBuilder } from '../../../src/records/indexes/frame-table.ts';
import { rechunk } from '../../support/rechunk.ts';

/** Returns where lines begin, or the error, by walking and by decoding. */
function walked(
  text: Uint8Array,
  chunkBytes: number,
  delimiter: Uint8Array,
  maxRecordBytes: number,
): unknown {
  const builder = new FrameTableBuilder();
  const options = textLineReading.readOptions({ cr: 'crlf', delimiter, maxRecordBytes, uri: 'text' });
  const walk = findLines(options, 1024, builder);
  try {
    for (const chunk of rechunk(text, chunkBytes)) walk.push(chunk);
    walk.end();
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return { code: error.code, record: error.record, offset: error.offset };
  }
  const table = builder.finish(text.length);
  return Array.from({ length: table.count }, (_, i) => table.start(i));
}

function decoded(text: Uint8Array, delimiter: Uint8Array, maxRecordBytes: number): unknown {
  const starts: number[] = [];
  try {
    for (const batch of decodeTextLineBatches(text, { delimiter, maxRecordBytes, cr: 'crlf' }))
      for (let i = 0; i < batch.length; i++) starts.push(batch.offset(i));
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return { code: error.code, record: error.record, offset: error.offset };
  }
  return starts;
}

test('lines are found where the decoder finds them, whatever the chunks', () => {
  const byte = fc.constantFrom(10, 13, 97, 98);
  const text = fc.uint8Array({ maxLength: 60 }).chain(() => fc.array(byte, { maxLength: 60 }));
  const delimiter = fc.constantFrom([10], [13, 10], [97, 97], [97, 98, 97]);
  fc.assert(
    fc.property(
      text,
      delimiter,
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(3, 8, 1000),
      (bytes, end, size, most) => {
        const all = Uint8Array.from(bytes);
        expect(walked(all, size, Uint8Array.from(end), most)).toEqual(
          decoded(all, Uint8Array.from(end), most),
        );
      },
    ),
    { numRuns: 300 },
  );
});
