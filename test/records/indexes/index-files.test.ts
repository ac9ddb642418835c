import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { isRecordpipeError } from '../../../src/index.ts';
import { buildIndex, checkIndex, openIndexed } from '../../../src/records/indexes/index.ts';
import { oracleFileRecordIO } from '../../support/oracle-recordio.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { someInTurn } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { samples } from './samples.ts';

const temp = tempDir();
const code = (name: string): unknown => expect.objectContaining({ code: name });

/** Opens the file and gets every record in two ways. Returns the records, or the typed error. */
async function attempt(path: string, indexPath: string): Promise<Uint8Array[] | string> {
  try {
    await using file = await openIndexed(path, { indexPath });
    const all = Array.from({ length: file.length }, (_, i) => i);
    const one = await Promise.all(all.map((i) => file.get(i)));
    const many = await file.getMany(all);
    expect(many).toEqual(one);
    return one;
  } catch (error) {
    if (isRecordpipeError(error)) return error.code;
    throw error;
  }
}

describe.each(samples(2, 30, 60))('a tampered index of $name', ({ name, bytes, options, payloads }) => {
  const path = temp.file(`${name}.data`, bytes);
  const indexPath = temp.file('tampered');
  const ours = temp.file(`${name}.whole`);

  test('any flipped byte gives the right records or a typed error', async () => {
    await buildIndex(path, { ...options, indexPath: ours });
    const index = readFileSync(ours);
    for (let at = 0; at < index.length; at++) {
      for (const mask of someInTurn([1, 0x80, 0xff], at)) {
        const tampered = Uint8Array.from(index);
        tampered[at] ^= mask;
        writeFileSync(indexPath, tampered);
        expect(await attempt(path, indexPath), `byte ${at} ^ ${mask}`).toBe('malformed-index');
      }
    }
  });

  test('truncated anywhere, or extended', async () => {
    const index = readFileSync(ours);
    for (let end = 0; end < index.length; end++) {
      writeFileSync(indexPath, index.subarray(0, end));
      const outcome = await attempt(path, indexPath);
      expect(['malformed-index', 'index-mismatch'], `cut at ${end}`).toContain(outcome);
    }
    writeFileSync(indexPath, Buffer.concat([index, Buffer.alloc(1)]));
    expect(await attempt(path, indexPath)).toBe('malformed-index');
  });

  test('unchanged', async () => {
    const got = (await attempt(path, ours)) as Uint8Array[];
    expect(got.map((one) => Buffer.from(one).toString('hex'))).toEqual(
      payloads.map((one) => Buffer.from(one).toString('hex')),
    );
  });
});

describe.each([
  { kind: 'vahidk' as const, file: oracleFile },
  { kind: 'mx' as const, file: oracleFileRecordIO },
])('a tampered index of the kind $kind', ({ kind, file }) => {
  const random = new Random(7);
  const payloads = Array.from({ length: 25 }, () => random.bytes(random.below(90)));
  const path = temp.file(`tampered.${kind}`, file(payloads));
  const indexPath = `${path}.idx`;

  test('any byte changed to another valid one gives the right records or a typed error', async () => {
    await buildIndex(path, { kind, indexPath });
    const index = readFileSync(indexPath);
    let same = 0;
    for (let at = 0; at < index.length; at += 1 + (at % 4)) {
      for (const byte of someInTurn([...Buffer.from('09 \t\n-\r\0')], at)) {
        const tampered = Uint8Array.from(index);
        tampered[at] = byte;
        writeFileSync(indexPath, tampered);
        const outcome = await attempt(path, indexPath);
        if (typeof outcome === 'string') expect(['malformed-index', 'index-mismatch']).toContain(outcome);
        else {
          expect(outcome).toEqual(payloads);
          same++;
        }
      }
    }
    // Keys of MXNet indexes do not matter here, nor do bytes that stay the same.
    expect(same).toBeGreaterThan(0);
  });
});

describe('data that changed', () => {
  const random = new Random(8);
  const payloads = Array.from({ length: 4000 }, () => random.bytes(20 + random.below(80)));
  const bytes = oracleFile(payloads);
  const path = temp.file('stale.tfrecord');
  const made = async (): Promise<void> => {
    writeFileSync(path, bytes);
    await buildIndex(path);
  };

  test('only a new modification time: accepted', async () => {
    await made();
    utimesSync(path, 1, 1);
    await using file = await openIndexed(path);
    expect(await file.get(3999)).toEqual(payloads[3999]);
  });

  test('longer or shorter: rejected, and the message states the difference', async () => {
    await made();
    writeFileSync(path, Buffer.concat([bytes, bytes.subarray(0, 100)]));
    await expect(openIndexed(path)).rejects.toThrow(
      `${path} has ${bytes.length + 100} bytes, but the index covers ${bytes.length}`,
    );
    truncateSync(path, bytes.length - 1);
    await expect(openIndexed(path)).rejects.toThrow(code('index-mismatch'));
    await expect(openIndexed(path)).rejects.toThrow('recordpipe index --force');
  });

  test('other records of the same size: rejected by the fingerprint', async () => {
    await made();
    const { atime, mtime } = statSync(path);
    writeFileSync(path, oracleFile(payloads.map((payload) => payload.map((byte) => byte ^ 1))));
    utimesSync(path, atime, mtime);
    await expect(openIndexed(path)).rejects.toThrow('content');
    await expect(openIndexed(path)).rejects.toThrow(code('index-mismatch'));
  });

  test('two swapped records outside the fingerprint: detected when they are read', async () => {
    await made();
    const at = bytes.length / 2 - 700;
    const record = payloads.findIndex(
      (_, i) => sum(payloads, i) > at && payloads[i].length !== payloads[i + 1].length,
    );
    const [from, middle, to] = [record, record + 1, record + 2].map((i) => sum(payloads, i));
    const exchanged = Buffer.concat([
      bytes.subarray(0, from),
      bytes.subarray(middle, to),
      bytes.subarray(from, middle),
      bytes.subarray(to),
    ]);
    writeFileSync(path, exchanged);
    await using file = await openIndexed(path);
    for (const i of [record, record + 1]) {
      await expect(file.get(i)).rejects.toMatchObject({ code: 'index-mismatch', record: i, uri: path });
      await expect(file.getMany([0, i])).rejects.toThrow(code('index-mismatch'));
    }
    expect(await file.get(record + 2)).toEqual(payloads[record + 2]);
    await expect(checkIndex(path)).rejects.toMatchObject({ code: 'index-mismatch', record });
  });

  test('truncated while it is open', async () => {
    await made();
    await using file = await openIndexed(path);
    await using async = await openIndexed(path, { blocking: false });
    truncateSync(path, bytes.length - 500);
    await expect(file.get(3999)).rejects.toThrow(code('source-changed'));
    await expect(async.get(3999)).rejects.toThrow(code('source-changed'));
    expect(await file.get(0)).toEqual(payloads[0]);
  });
});

function sum(payloads: readonly Uint8Array[], end: number): number {
  return payloads.slice(0, end).reduce((bytes, { length }) => bytes + length + 16, 0);
}

describe('files that cannot be indexed', () => {
  const good = oracleFile([new Uint8Array(30), new Uint8Array(40), new Uint8Array(50)]);

  test.each([
    ['data-checksum', good.with(60, 1), 'full'],
    ['length-checksum', good.with(48, 1), 'length'],
    ['truncated-record', good.subarray(0, -1), 'length'],
    ['truncated-header', good.subarray(0, 50), 'length'],
  ] as const)('damaged data: %s, and no index is written', async (expected, bytes, checksum) => {
    const path = temp.file(`${expected}.tfrecord`, bytes);
    const failure = { code: expected, record: 1, uri: path, offset: 46 };
    await expect(buildIndex(path, { checksum })).rejects.toMatchObject(
      expected === 'truncated-record' ? { code: expected, record: 2 } : failure,
    );
    expect(existsSync(`${path}.rpidx`)).toBe(false);
  });

  test('an existing index remains if the new one cannot be built', async () => {
    const path = temp.file('older.tfrecord', good);
    await buildIndex(path);
    const before = readFileSync(`${path}.rpidx`);
    writeFileSync(path, good.subarray(0, -1));
    await expect(buildIndex(path)).rejects.toThrow(code('truncated-record'));
    expect(readFileSync(`${path}.rpidx`).equals(before)).toBe(true);
  });

  test.each(['auto', 'tfrecord'] as const)(
    'compressed files, format %s: the error states the next step',
    async (format) => {
      const path = temp.file('packed.tfrecord.gz', gzipSync(good));
      for (const open of [buildIndex(path, { format }), openIndexed(path, { format, missing: 'memory' })]) {
        await expect(open).rejects.toThrow(code('unsupported-source'));
        await expect(open).rejects.toThrow('decompress the file');
      }
    },
  );

  test('folders, missing files, files of no known format, other formats', async () => {
    await expect(buildIndex(temp.path)).rejects.toThrow(code('unsupported-source'));
    await expect(buildIndex(join(temp.path, 'none'))).rejects.toThrow(code('not-found'));
    await expect(
      buildIndex(
        temp.file(
          'x',
          Uint8Array.from({ length: 600 }, (_, i) => (i * 7) ^ 0xfe),
        ),
      ),
    ).rejects.toThrow(code('unknown-format'));
    const text = temp.file('text', Buffer.from('one line of text\nand another\n'));
    await expect(buildIndex(text, { kind: 'vahidk' })).rejects.toThrow(code('unsupported-source'));
    await expect(buildIndex(text, { kind: 'mx' })).rejects.toThrow(code('unsupported-source'));
    await expect(buildIndex(text, { kind: 'no' as 'mx' })).rejects.toThrow(UsageError);
    await expect(buildIndex(text, { format: 'no' as 'tfrecord' })).rejects.toThrow(UsageError);
  });
});

describe('which index is used', () => {
  const bytes = oracleFile([Uint8Array.of(1), Uint8Array.of(2, 2)]);

  test('none: the error names the next step; memory builds one', async () => {
    const path = temp.file('none.tfrecord', bytes);
    await expect(openIndexed(path)).rejects.toThrow(code('not-found'));
    await expect(openIndexed(path)).rejects.toThrow('recordpipe index');
    await using file = await openIndexed(path, { missing: 'memory' });
    expect(file).toMatchObject({ length: 2, indexPath: undefined });
    await expect(openIndexed(path, { missing: 'no' as 'memory' })).rejects.toThrow(UsageError);
  });

  test.each(['beside.tfrecord.idx', 'beside.idx', 'beside.tfindex'])('%s', async (name) => {
    const path = temp.file('beside.tfrecord', bytes);
    const indexPath = temp.file(name);
    await buildIndex(path, { kind: 'dali', indexPath });
    {
      await using file = await openIndexed(path);
      expect(file.indexPath).toBe(indexPath);
    }
    // An index of a RecordIO file with the same name does not apply to this file.
    const other = temp.file('beside.rec', oracleFileRecordIO([Uint8Array.of(1)]));
    await buildIndex(other, { kind: 'mx', indexPath, overwrite: true });
    await expect(openIndexed(path)).rejects.toThrow(code('not-found'));
    await expect(openIndexed(path, { indexPath })).rejects.toThrow(code('index-mismatch'));
    await buildIndex(path);
    {
      await using file = await openIndexed(path);
      expect(file.indexPath).toBe(`${path}.rpidx`);
    }
    for (const made of [indexPath, `${path}.rpidx`]) (await import('node:fs')).rmSync(made);
  });

  test('one that was built with other options', async () => {
    const path = temp.file('otherwise.rec', oracleFileRecordIO([Uint8Array.of(1)]));
    await buildIndex(path, { multipart: 'concat' });
    await using file = await openIndexed(path);
    expect(await file.get(0)).toEqual(Uint8Array.of(1));
    await expect(openIndexed(path, { multipart: 'dmlc' })).rejects.toThrow(
      'the index was built with multipart concat, but dmlc is requested',
    );
    await expect(openIndexed(path, { format: 'textline' })).rejects.toThrow(code('index-mismatch'));
  });

  test('through a link, and by URL', async () => {
    const path = temp.file('linked.tfrecord', bytes);
    await buildIndex(new URL(`file://${path}`));
    const link = join(temp.path, 'link.tfrecord');
    symlinkSync(path, link);
    await using file = await openIndexed(link, { indexPath: new URL(`file://${path}.rpidx`) });
    expect(await file.get(1)).toEqual(Uint8Array.of(2, 2));
  });
});

test('lines that moved outside the fingerprint: no part of a line is returned', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i}`);
  const path = temp.file('moved.txt', Buffer.from(lines.join('\n')));
  await buildIndex(path, { format: 'textline' });
  // Merge two lines into one of the same total length, and split the next one.
  const at = lines.findIndex((_, i) => lines.slice(0, i).join('\n').length > 20_000) + 1;
  const before = lines.slice(0, at).join('\n').length;
  const moved = Buffer.from(lines.join('\n'));
  expect(moved[before]).toBe(10);
  moved[before] = 32;
  moved[before + 20] = 10;
  writeFileSync(path, moved);
  for (const blocking of [true, false]) {
    await using file = await openIndexed(path, { blocking });
    const got = await Promise.allSettled(lines.map((_, i) => file.get(i)));
    const failed = got.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []));
    expect(failed.length).toBeGreaterThanOrEqual(2);
    expect(failed.length).toBeLessThanOrEqual(4);
    for (const [i, one] of got.entries())
      if (one.status === 'fulfilled') expect(Buffer.from(one.value).toString()).toBe(lines[i]);
    for (const from of failed) {
      const read = async (): Promise<void> => {
        for await (const batch of file.sliceBatches(from, from + 1)) expect(batch.length).toBe(1);
      };
      await expect(read()).rejects.toThrow(code('index-mismatch'));
    }
    // The number of lines and the outer boundaries are unchanged.
    const read = async (): Promise<void> => {
      for await (const line of file.slice(failed[0] - 1, failed[failed.length - 1] + 2))
        expect(lines).toContain(Buffer.from(line).toString());
    };
    await expect(read()).rejects.toThrow(code('index-mismatch'));
  }
});

test('an index never replaces its data', async () => {
  const bytes = oracleFile([Uint8Array.of(1)]);
  const path = temp.file('precious.tfrecord', bytes);
  const link = join(temp.path, 'precious-link');
  symlinkSync(path, link);
  for (const indexPath of [path, link, join(temp.path, 'x', '..', 'precious.tfrecord')])
    await expect(buildIndex(path, { indexPath })).rejects.toThrow(code('unsupported-source'));
  expect(readFileSync(path)).toEqual(Buffer.from(bytes));
});

test('a signal, and data that changes, stop indexing', async () => {
  const path = temp.file(
    'long.tfrecord',
    oracleFile(Array.from({ length: 3000 }, () => new Uint8Array(100))),
  );
  await expect(buildIndex(path, { signal: AbortSignal.abort() })).rejects.toThrow(code('aborted'));
  const controller = new AbortController();
  const onProgress = (): void => controller.abort();
  await expect(buildIndex(path, { onProgress, checksum: 'full', signal: controller.signal })).rejects.toThrow(
    code('aborted'),
  );
  let appended = false;
  const append = (): void => {
    if (!appended) appendFileSync(path, 'more');
    appended = true;
  };
  await expect(buildIndex(path, { onProgress: append })).rejects.toThrow(code('source-changed'));
  expect(existsSync(`${path}.rpidx`)).toBe(false);
});

test('named pipes are rejected without waiting for a writer', async () => {
  const path = temp.file('pipe');
  execFileSync('mkfifo', [path]);
  await expect(buildIndex(path)).rejects.toThrow(code('unsupported-source'));
  await expect(openIndexed(path, { missing: 'memory' })).rejects.toThrow(code('unsupported-source'));
});
