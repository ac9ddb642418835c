import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { validateFiles } from '../../src/check/index.ts';
import { advice, errorText, type Failure } from '../../src/cli/advice.ts';
import { cliMessage, inCliWords, OPTION_NAMES, usageInCliWords } from '../../src/cli/cli-words.ts';
import { program } from '../../src/cli/program.ts';
import { isRecordpipeError, RecordpipeError } from '../../src/errors.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/formats/index.ts';
import { PipeModeStreamer } from '../../src/pipemode/streamer/index.ts';
import { buildIndex } from '../../src/records/indexes/index.ts';
import { planShards } from '../../src/scale/index.ts';
import { fileError } from '../../src/storage/local/file-errors.ts';
import { convertFile, splitFile } from '../../src/transform/index.ts';
import { FILE, OFFSETS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const good = temp.file('good.tfrecord', FILE);
const LFS =
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';

/** Returns the first finding in a file. */
async function finding(
  bytes: Uint8Array | string,
  options: Parameters<typeof validateFiles>[1] = {},
): Promise<Failure> {
  const { files } = await validateFiles(temp.file('input', Buffer.from(bytes)), { jobs: 1, ...options });
  return files[0].errors[0];
}

/** Returns the error with which a call fails. */
async function failure(call: () => Promise<unknown>): Promise<Failure> {
  try {
    await call();
  } catch (error) {
    if (isRecordpipeError(error)) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

const SITUATIONS: readonly (readonly [
  situation: string,
  command: string,
  produce: () => Promise<Failure>,
  text: RegExp,
])[] = [
  [
    'a gzip file read with --compression none',
    'count',
    () => finding(gzipSync(FILE), { compression: 'none' }),
    /looks like a gzip stream .*\n {2}next: remove --compression none, or pass --compression gzip$/,
  ],
  [
    'a zlib file read with --compression none',
    'count',
    () => finding(deflateSync(FILE), { compression: 'none' }),
    /\n {2}next: (?:remove --compression none, or pass --compression zlib|if the file contains records, pass their --format; otherwise, exclude the file)$/,
  ],
  [
    'a file that was compressed twice',
    'count',
    () => finding(gzipSync(gzipSync(FILE))),
    /\n {2}next: decompress it first: gzip -dc FILE \| recordpipe COMMAND -$/,
  ],
  [
    'a web address',
    'validate',
    async () =>
      new RecordpipeError(
        'unsupported-source',
        'cannot open https: addresses; pass the Response: await fetch(url)',
        { uri: 'https://host/x' },
      ),
    /\n {2}next: curl -fsS URL \| recordpipe COMMAND -$/,
  ],
  ['a Git LFS pointer: one next step', 'validate', () => finding(LFS), /\(run `git lfs pull`\) \(.*\)$/],
  [
    'an HTML page',
    'validate',
    () => finding('<!DOCTYPE html><html><body>404</body></html>'),
    /\n {2}next: download the file again$/,
  ],
  [
    'unknown content',
    'validate',
    () => finding(Uint8Array.from({ length: 99 }, (_, i) => 250 - i)),
    /\n {2}next: if the file contains records, pass their --format; otherwise, exclude the file$/,
  ],
  [
    'a damaged payload',
    'validate',
    () => finding(withBadPayloads(FILE, OFFSETS, [1])),
    /\n {2}next: copy or download the file again, .*; to skip corrupt records, use cat --recover or recordpipe repair$/,
  ],
  [
    'a damaged header',
    'validate',
    () => finding(FILE.with(OFFSETS[1], FILE[OFFSETS[1]] ^ 1)),
    /\n {2}next: .*; to recover the valid records, including those after the damage, run recordpipe repair/,
  ],
  [
    'zeros at the end',
    'validate',
    () => finding(Buffer.concat([FILE, new Uint8Array(64)])),
    /\(--trailing zeros-ok accepts padding\).*\n {2}next: to accept zero bytes up to the end, pass --trailing zeros-ok$/,
  ],
  [
    'a truncated file',
    'validate',
    () => finding(FILE.subarray(0, FILE.length - 3)),
    /\n {2}next: .*make sure that the program that wrote the file closed it; to recover the complete records, run recordpipe repair/,
  ],
  [
    'a truncated gzip file',
    'validate',
    () => finding(gzipSync(FILE).subarray(0, -20)),
    /\n {2}next: .*to accept a truncated stream, pass --on-truncated stop$/,
  ],
  [
    'a large record',
    'validate',
    () => finding(FILE, { maxRecordBytes: 1 }),
    /the limit is 1 \(--max-record-size\).*\n {2}next: .*raise --max-record-size; otherwise, the file is damaged$/,
  ],
  [
    'RecordIO with a foreign magic number',
    'validate',
    () => finding(Buffer.concat([encodeRecordIO(new Uint8Array(8)), new Uint8Array(16).fill(7)])),
    /bad-magic: .*\n {2}next: .*recordpipe repair/,
  ],
  [
    'a missing file',
    'validate',
    () => failure(() => convertFile('nosuch', '-', { to: 'base64' })),
    /not-found: no such file; check the path \(nosuch\)$/,
  ],
  [
    'a pattern for a command that takes one file',
    'sample',
    () => failure(() => convertFile('no*', '-', { to: 'base64' })),
    /\n {2}next: this command takes one file, not a directory or pattern; merge the files first/,
  ],
  [
    'an existing output',
    'convert',
    () => failure(() => convertFile(good, temp.file('there.rec', Buffer.from('x')))),
    /already-exists: already exists \(.*\)\n {2}next: choose another name, or pass --force to overwrite the existing file$/,
  ],
  [
    'existing shards',
    'split',
    async () => {
      const prefix = join(temp.path, 'shard');
      await splitFile(good, prefix, { shards: 2 });
      return failure(() => splitFile(good, prefix, { shards: 2 }));
    },
    /\n {2}next: choose another prefix, or pass --force to replace the existing shards$/,
  ],
  [
    'something else where an index goes',
    'index',
    () => failure(() => buildIndex(good, { indexPath: temp.file('precious.rpidx', Buffer.from('x')) })),
    /already exists and is not an index \(.*\)\n {2}next: choose another name$/,
  ],
  [
    'saved images that exist',
    'inspect',
    async () => new RecordpipeError('already-exists', 'the file already exists', { uri: 'x' }),
    /\n {2}next: choose another folder, or pass --force to overwrite existing files$/,
  ],
  [
    'an index of a zlib file',
    'index',
    () => failure(() => buildIndex(temp.file('a.zz', deflateSync(FILE)))),
    /decompress the file \(recordpipe convert --output-compression none\), and index the result/,
  ],
  [
    'an index of a gzip file',
    'index',
    () => failure(() => buildIndex(temp.file('a.gz', gzipSync(FILE)))),
    /decompress the file \(gzip -d, or recordpipe convert/,
  ],
  [
    'an index of another format',
    'index',
    () => failure(() => buildIndex(good, { kind: 'mx' })),
    /--kind rpidx supports all formats/,
  ],
  [
    'a channel without a folder',
    'stream',
    () =>
      failure(() =>
        new PipeModeStreamer({
          channels: [{ name: 'train', uri: join(temp.path, 'nosuch') }],
          pipeDir: join(temp.path, 'pipes'),
        }).run(),
      ),
    /no files under this path; check that the channel's path exists and contains files \(.*\)$/,
  ],
  [
    'a missing object',
    'validate',
    async () => new RecordpipeError('object-missing', 'there is no such object', { uri: 's3://b/k' }),
    /\n {2}next: check the bucket, key and --endpoint-url, and whether the object should exist$/,
  ],
  [
    'an unreadable object',
    'validate',
    async () => new RecordpipeError('access-denied', 'access denied', { uri: 's3://b/k' }),
    /\n {2}next: .*permissions \(s3:GetObject and s3:ListBucket/,
  ],
  [
    'an object that may not be written',
    'upload',
    async () => new RecordpipeError('access-denied', 'writing takes s3:PutObject', { uri: 's3://b/k' }),
    /\n {2}next: .*for writing, s3:PutObject/,
  ],
  [
    'an output that may not be written: nothing about reading',
    'convert',
    async () => fileError(Object.assign(new Error('EACCES'), { code: 'EACCES' }), 'out.rec'),
    /^recordpipe: access-denied: permission denied; check the permissions of the file and its directory \(out\.rec\)$/,
  ],
  [
    'an endpoint that fails',
    'validate',
    async () => new RecordpipeError('io-failure', 'the request failed: bad certificate', { uri: 's3://b/k' }),
    /\n {2}next: run recordpipe doctor s3:\/\/BUCKET to check credentials, connection/,
  ],
  [
    'a full disk',
    'convert',
    async () => new RecordpipeError('io-failure', 'no space left on the device', { uri: 'out' }),
    /\n {2}next: free disk space, or write to another disk$/,
  ],
];

describe('each error has a correct next step', () => {
  test.each(SITUATIONS)('%s', async (_, command, produce, text) => {
    expect(errorText(await produce(), command)).toMatch(text);
  });

  test.skipIf(process.getuid?.() === 0)('an output in a folder that cannot be written', async () => {
    const folder = join(temp.path, 'read-only');
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    const error = await failure(() => convertFile(good, join(folder, 'a.rec')));
    expect(errorText(error, 'convert')).toMatch(/^recordpipe: access-denied: (?!.*read it)/);
  });

  test('plan --cut suggests no index for a file that cannot have one', async () => {
    const reasons: string[] = [];
    const inputs = [temp.file('whole.tfrecord', FILE), temp.file('whole.tfrecord.gz', gzipSync(FILE))];
    await planShards(inputs, { cutBytes: 1, onUncut: (_, why) => reasons.push(cliMessage(why)) });
    expect(reasons[0]).toMatch(/the file has no index; build an index \(recordpipe index\) \(/);
    expect(reasons[1]).toMatch(/is compressed \(gzip\) and does not support random access/);
    expect(reasons.join()).not.toMatch(/buildIndex|memory/);
  });

  test.each(['validate', 'index', 'upload', 'schema', undefined])(
    '%s: --force is not suggested',
    (command) => {
      expect(advice({ code: 'already-exists', message: 'already exists (x)' }, command)).not.toContain(
        '--force',
      );
    },
  );
});

describe('messages name options of the command line', () => {
  const all = (command: Command): string[] => [
    ...command.options.map(({ long }) => long ?? ''),
    ...command.commands.flatMap(all),
  ];

  test('each name refers to an existing option', async () => {
    const options = new Set(all(await program(undefined)));
    expect(Object.values(OPTION_NAMES).filter((name) => !options.has(name))).toEqual([]);
  });

  /**
   * Names at the start of messages that have no command-line option: arguments, and options that
   * only the library has.
   */
  const NOT_ON_THE_COMMAND_LINE = new Set(
    'AWS_CA_BUNDLE PipeModeStreamer TrainingRun trainingRequest stdio objects openRecordShards openRecordWriter options attributes cache channel channels checksum command crc32c crc32cCombine credentials defaultValue destination encodeRecordIOInto encodeTFRecordInto encodeTextLineInto expectedBytes fatal files firstPartBytes inputs int64 iteration key keys mapInWorkers maxBytes maxCorruptedRecordsToSkip maxGapBytes mergeFiles metadata missing mix name oversize packIR paddedBatch pattern plan query range record reports request resume reuse rows sample shape signal sizeOf shuffleFiles size slice specs split splitByWeights splitFile splits start statement strict toArrow uint64 unbatch unlisted uri uris write zip'.split(
      ' ',
    ),
  );

  test('each option in a library error is known', () => {
    const src = new URL('../../src/', import.meta.url).pathname;
    const names = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('cli/'))
      .flatMap((file) => {
        const text = readFileSync(join(src, file), 'utf8');
        return [...text.matchAll(/new UsageError\(\s*[`'"](\w+): /g)].map(([, name]) => name);
      });
    expect(names.length).toBeGreaterThan(50);
    const unknown = names.filter((name) => !(name in OPTION_NAMES) && !NOT_ON_THE_COMMAND_LINE.has(name));
    expect([...new Set(unknown)].sort()).toEqual([]);
  });

  test('anywhere in a message, but not in file names', () => {
    expect(usageInCliWords("maxRecordBytes: expected a number (trailing: 'zeros-ok' accepts it)")).toBe(
      '--max-record-size: expected a number (--trailing zeros-ok accepts it)',
    );
    expect(cliMessage({ message: 'too large (maxRecordBytes) (record 0 at byte 0 of maxRecordBytes)' })).toBe(
      'too large (--max-record-size) (record 0 at byte 0 of maxRecordBytes)',
    );
    expect(cliMessage({ message: 'already exists; pass overwrite: true to replace it (partBytes)' })).toBe(
      'already exists (--part-size)',
    );
    expect(
      inCliWords('not UTF-8; specify the encoding, or pass fatal: false to replace it with U+FFFD'),
    ).toBe('not UTF-8; specify the encoding');
  });
});

test('an index that is passed as data is recognized, and the next step is to exclude it', async () => {
  const indexPath = temp.file('as-data.rpidx');
  await buildIndex(good, { indexPath });
  const { files } = await validateFiles(indexPath, { jobs: 1 });
  const said = errorText(files[0].errors[0], 'validate');
  expect(said).toMatch(/unknown-format: .*an index written by recordpipe/);
  expect(said).toMatch(/next: exclude the index; directories and quoted patterns skip indexes$/);
});

test.each(['http://localhost/a.tfrecord', 'gs://bucket/a.tfrecord'])(
  '%s: the command line suggests to download it, not to pass a Response or stream',
  async (uri) => {
    const { files } = await validateFiles(uri, { jobs: 1 });
    expect(cliMessage(files[0].errors[0])).toMatch(/^cannot open \w+: addresses; download the file/);
  },
);

test('a file of several zlib streams is reported: TensorFlow reads only the first', async () => {
  const path = temp.file('two.zz', Buffer.concat([deflateSync(FILE), deflateSync(FILE)]));
  const { ok, files, totals } = await validateFiles(path);
  expect(ok).toBe(true);
  expect(totals.warned).toBe(1);
  expect(files[0].records).toBe(12);
  expect(files[0].warnings).toMatchObject([
    { code: 'several-zlib-streams', message: expect.stringContaining('TensorFlow reads only the first') },
  ]);
  const one = await validateFiles(temp.file('one.zz', deflateSync(FILE)));
  expect(one.files[0].warnings).toEqual([]);
  const gzip = Buffer.concat([gzipSync(FILE), gzipSync(FILE)]);
  expect((await validateFiles(temp.file('two.gz', gzip))).files[0].warnings).toEqual([]);
});

test('an empty file has no format, unless one is given', async () => {
  const empty = temp.file('empty.rec', new Uint8Array(0));
  expect((await validateFiles(empty)).files[0]).toMatchObject({ format: null, ok: true, records: 0 });
  expect((await validateFiles(empty, { format: 'recordio' })).files[0].format).toBe('recordio');
  expect(
    (await validateFiles(temp.file('one.tfrecord', encodeTFRecord(new Uint8Array(1))))).files[0].format,
  ).toBe('tfrecord');
});

test('fields of a request keep their names', () => {
  const text = 'AlgorithmSpecification.MetricDefinitions: expected 0 to 40 elements, got 41';
  expect(inCliWords(text)).toBe(text);
});
