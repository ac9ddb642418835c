import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isRecordpipeError, textLineDecoderStream, textLineEncoderStream } from '../../../src/index.ts';
import {
  createTextLineDecoder,
  createTextLineEncoder,
  openRecordWriter,
  openTextLineShards,
  openTextLineWriter,
} from '../../../src/records/write/index.ts';
import { rechunk, webStream } from '../../support/rechunk.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { bytesOf, readLines, texts } from '../../support/text-outcome.ts';

const dir = tempDir().path;
const words = ['one', '', 'two words', 'x'.repeat(10_000), 'end'];

describe('the writer', () => {
  test.each(['none', 'gzip', 'zlib'] as const)(
    'compression %s: read back as written',
    async (compression) => {
      const path = join(dir, `words-${compression}.txt`);
      const writer = await openTextLineWriter(path, { compression, bufferBytes: 4096 });
      for (const word of words) await writer.write(bytesOf(word));
      expect((await writer.close()).records).toBe(words.length);
      expect(texts(await readLines(path))).toEqual(words);
      if (compression === 'none')
        expect(readFileSync(path, 'utf8')).toBe(words.map((word) => `${word}\n`).join(''));
      if (compression === 'gzip') expect(gunzipSync(readFileSync(path)).length).toBe(10_020);
    },
  );

  test('any delimiter; by format name', async () => {
    const path = join(dir, 'delimited');
    const writer = await openRecordWriter(path, { format: 'textline', delimiter: '||' });
    await writer.write(bytesOf('a\r'));
    await writer.write(bytesOf('b|c'));
    await writer.close();
    expect(readFileSync(path, 'utf8')).toBe('a\r||b|c||');
  });

  test('a payload that cannot be a line is rejected, and the others are written', async () => {
    const path = join(dir, 'refused.txt');
    const writer = await openTextLineWriter(path);
    await writer.write(bytesOf('good'));
    for (const bad of ['a\nb', 'a\r']) {
      expect(await outcome(async () => writer.write(bytesOf(bad)))).toBe('unrepresentable');
    }
    await writer.write(bytesOf('too'));
    expect((await writer.close()).records).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('good\ntoo\n');
  });

  test('appends only after a line with a delimiter', async () => {
    const path = join(dir, 'append.txt');
    for (const word of ['one', 'two']) {
      const writer = await openTextLineWriter(path, { append: true });
      await writer.write(bytesOf(word));
      await writer.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    writeFileSync(path, 'one\ntwo');
    expect(await outcome(() => openTextLineWriter(path, { append: true }))).toBe('unsupported-source');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo');
    writeFileSync(path, 'aaa');
    expect(await outcome(() => openTextLineWriter(path, { append: true, delimiter: 'aa' }))).toBe(
      'unsupported-source',
    );
  });

  test('shards', async () => {
    const writer = openTextLineShards(join(dir, 'shard'), { maxShardBytes: 8, suffix: '.txt' });
    for (const word of ['one', 'two', 'six']) await writer.write(bytesOf(word));
    const files = await writer.close();
    expect(files.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(['one\ntwo\n', 'six\n']);
  });
});

test('shards: a payload that cannot be a line is rejected immediately, and the writer continues', async () => {
  const writer = openTextLineShards(join(dir, 'refusing'), { maxShardBytes: 8, suffix: '.txt' });
  const refused = (payload: unknown): unknown => {
    try {
      return writer.write(payload as Uint8Array);
    } catch (error) {
      return isRecordpipeError(error) ? error.code : (error as Error).name;
    }
  };
  expect([refused(bytesOf('a\nb')), refused('text')]).toEqual(['unrepresentable', 'invalid-argument']);
  const first = writer.write(bytesOf('first'));
  expect([refused(bytesOf('a\nb')), refused('text')]).toEqual(['unrepresentable', 'invalid-argument']);
  const second = writer.write(bytesOf('second'));
  expect(refused(bytesOf('a\nb'))).toBe('unrepresentable');
  await Promise.all([first, second]);
  expect(refused(bytesOf('a\nb'))).toBe('unrepresentable');
  await writer.write(bytesOf('third'));
  const files = await writer.close();
  expect(files.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(['first\n', 'second\n', 'third\n']);
});

describe('streams', () => {
  const file = bytesOf('one\r\ntwo\r\n\r\nlast');
  const lines = ['one', 'two', '', 'last'];

  test.each([1, 3, 100])('of the web and of Node, in chunks of %i', async (size) => {
    const web: string[] = [];
    const decoded = webStream(rechunk(file, size)).pipeThrough(textLineDecoderStream());
    for await (const line of decoded as unknown as AsyncIterable<Uint8Array>)
      web.push(new TextDecoder().decode(line));
    expect(web).toEqual(lines);
    const node: string[] = [];
    for await (const line of Readable.from(rechunk(file, size)).pipe(createTextLineDecoder()))
      node.push(new TextDecoder().decode(line));
    expect(node).toEqual(lines);
  });

  test('encoders, and the payloads that they reject', async () => {
    const encoded = webStream(lines.map(bytesOf)).pipeThrough(textLineEncoderStream({ delimiter: ';' }));
    expect(await new Response(encoded).text()).toBe('one;two;;last;');
    let text = '';
    for await (const chunk of Readable.from(lines.map(bytesOf)).pipe(createTextLineEncoder()))
      text += String(chunk);
    expect(text).toBe('one\ntwo\n\nlast\n');
    const refused = webStream([bytesOf('a\nb')]).pipeThrough(textLineEncoderStream());
    expect(await outcome(() => refused.getReader().read())).toBe('unrepresentable');
    const wrong = async (): Promise<void> => {
      const encoder = createTextLineEncoder();
      encoder.write(bytesOf('a\nb'));
      for await (const _ of encoder);
    };
    expect(await outcome(wrong)).toBe('unrepresentable');
  });
});

async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'nothing';
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return error.code;
  }
}
