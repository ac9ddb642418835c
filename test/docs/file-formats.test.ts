import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeRecordIO, encodeTFRecord, packIR } from '../../src/index.ts';
import { encodeSageMakerRecord } from '../../src/messages/index.ts';
import { parsePage, ROOT } from './page.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const MAGIC = [0x0a, 0x23, 0xd7, 0xce];
const JPEG = bytesOf('JPEG');

/** What the diagrams of docs/file-formats.md show, in order. */
const WRITTEN = [
  encodeTFRecord(bytesOf('hello')),
  encodeRecordIO(bytesOf('hello')),
  encodeRecordIO(Uint8Array.of(...bytesOf('abcd'), ...MAGIC, ...bytesOf('ef'))),
  encodeSageMakerRecord({
    features: { values: { kind: 'float32', values: [1, 2] } },
    label: { values: { kind: 'float32', values: [3] } },
  }),
  packIR({ label: 2, id: 20 }, JPEG),
  packIR({ label: [1, 2], id: 20 }, JPEG),
];

/** Returns the bytes of a diagram, after checking the offset at the start of each line. */
function bytesOfDiagram(diagram: string): number[] {
  const bytes: number[] = [];
  for (const line of diagram.split('\n').slice(1)) {
    const [, offset, columns] = /^ *(\d+) {2}((?:[\da-f]{2} ?)+) /.exec(line)!;
    expect(`${offset}: ${line}`).toBe(`${bytes.length}: ${line}`);
    bytes.push(
      ...columns
        .trim()
        .split(' ')
        .map((byte) => Number.parseInt(byte, 16)),
    );
  }
  return bytes;
}

test('the byte diagrams of the page show what recordpipe writes', () => {
  const text = readFileSync(join(ROOT, 'docs/file-formats.md'), 'utf8');
  const diagrams = parsePage('file-formats.md', text).blocks.filter(({ code }) =>
    code.startsWith('offset  '),
  );
  expect(diagrams.map(({ code }) => bytesOfDiagram(code))).toEqual(WRITTEN.map((bytes) => [...bytes]));
});
