import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  convertFile,
  mergeFiles,
  repairFile,
  sampleFile,
  shuffleFile,
  splitFile,
} from '../../src/transform/index.ts';
import { recordsOf } from '../records/write/written.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const text = (path: string): string => readFileSync(path, 'utf8');
const CRLF = 'one\r\ntwo\nthree\r\n\r\nfour\r\r\n';
const PLAIN = '{"a":1}\r\n[2]\n{"data":"no base64"}\n';

let places = 0;
function place(name: string): string {
  const path = temp.file(`place-${places++}`);
  mkdirSync(path);
  return join(path, name);
}

const WAYS: [name: string, work: (from: string, to: string) => Promise<unknown>][] = [
  ['convert', convertFile],
  ['merge', (from, to) => mergeFiles([from], to)],
  ['sample', (from, to) => sampleFile(from, to, { fraction: 1 })],
  ['repair', repairFile],
];

describe('carriage returns in text converted to text', () => {
  const source = temp.file('crlf.txt', Buffer.from(CRLF));

  test.each(WAYS)('%s keeps them', async (_, work) => {
    for (const name of ['out.txt', 'out.txt.gz', 'out.csv']) {
      const output = place(name);
      await work(source, output);
      const plain = place('plain.txt');
      await convertFile(output, plain);
      expect(text(plain)).toBe(CRLF);
    }
  });

  test('shuffle keeps them', async () => {
    const output = place('out');
    await shuffleFile(source, output, { seed: 3 });
    expect(text(output).split('\n').sort()).toEqual(CRLF.split('\n').sort());
  });

  test.each([{ shards: 2 }, { recordsPerShard: 2 }, { maxShardBytes: 9 }])(
    'split %o, merged',
    async (way) => {
      const { outputs } = await splitFile(source, place('part'), way);
      const merged = place('merged');
      await mergeFiles(
        outputs.map(({ path }) => path),
        merged,
      );
      expect(text(merged)).toBe(CRLF);
    },
  );

  test('an explicit cr takes precedence', async () => {
    const output = place('out.txt');
    const simple = temp.file('simple.txt', Buffer.from('a\r\nb\n'));
    await convertFile(simple, output, { read: { cr: 'crlf' }, write: { cr: 'crlf' } });
    expect(text(output)).toBe('a\nb\n');
  });

  test('other formats use the default of the readers', async () => {
    const binary = place('out.tfrecord');
    await convertFile(Buffer.from('a\r\nb\n'), binary);
    expect((await recordsOf(binary)).map((bytes) => Buffer.from(bytes).toString())).toEqual(['a', 'b']);
    const merged = place('merged');
    await mergeFiles([binary, Buffer.from('c\r\n')], merged);
    expect((await recordsOf(merged)).map((bytes) => Buffer.from(bytes).toString())).toEqual(['a', 'b', 'c']);
  });
});

describe('.jsonl files are text lines', () => {
  const source = temp.file('plain.jsonl', Buffer.from(PLAIN));

  test.each(WAYS.slice(1))('%s copies the lines unchanged', async (_, work) => {
    for (const name of ['out.jsonl', 'out']) {
      const output = place(name);
      expect(await work(source, output)).toMatchObject({ from: 'textline', to: 'textline' });
      expect(text(output)).toBe(PLAIN);
    }
  });

  test('shuffle copies the lines unchanged', async () => {
    const output = place('out.ndjson');
    await shuffleFile(source, output);
    expect(text(output).split('\n').sort()).toEqual(PLAIN.split('\n').sort());
  });

  test('convert copies the lines into another format', async () => {
    const output = place('out.tfrecord');
    expect(await convertFile(source, output)).toMatchObject({ from: 'textline', to: 'tfrecord' });
    expect((await recordsOf(output)).map((bytes) => Buffer.from(bytes).toString())).toEqual(
      PLAIN.trimEnd().split(/\r?\n/),
    );
  });

  test.each(['plain.jsonl', 'table.csv', 'table.tsv', 'lines.txt', 'a.csv-00000-of-00002'])(
    'shards of %s keep its extension',
    async (name) => {
      const path = temp.file(name, Buffer.from(PLAIN));
      const extension = /\.[a-z]+/.exec(name)?.[0];
      for (const way of [{ shards: 2 }, { hashShards: 2 }]) {
        const { outputs } = await splitFile(path, place('part'), way);
        expect(outputs.map((shard) => basename(shard.path))).toEqual([
          `part-00000-of-00002${extension}`,
          `part-00001-of-00002${extension}`,
        ]);
      }
      const { outputs } = await splitFile(path, place('part'), { shards: 1, write: { compression: 'gzip' } });
      expect(basename(outputs[0].path)).toBe(`part-00000-of-00001${extension}.gz`);
    },
  );
});
