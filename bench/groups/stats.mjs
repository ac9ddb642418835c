import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { payloadPool } from '../against/payload.mjs';
import { contest } from '../contest.mjs';
import { SEED } from '../data.mjs';
import { JPEG_HEADER } from '../images/shards.mjs';
import { COMMAND_LINE } from '../machine.mjs';

const SHARDS = 4;
const IMAGE_BYTES = 100_000;
/** Maximum size of a report page, much less than the images of one shard. */
const MAX_PAGE_BYTES = 2_000_000;

/**
 * Compares `stats --html` with `validate` over image Examples, in milliseconds of whole processes.
 */
export async function runStats(_cases, { fileBytes, data, rounds, add }) {
  const count = Math.max(1, Math.round(fileBytes / IMAGE_BYTES));
  const shards = Array.from({ length: SHARDS }, (_, i) => data.name(`images-${i}.tfrecord`));
  for (const [i, path] of shards.entries()) writeShard(path, count, i);
  const page = data.name('report.html');
  const size = SHARDS * count * IMAGE_BYTES;
  const ways = [
    { what: 'validate images', args: ['validate', ...shards, '--json', '--no-progress'] },
    { what: 'stats --html', args: ['stats', ...shards, '--json', '--html', page] },
  ];
  const turnOf = ({ what, args }) => {
    const start = process.hrtime.bigint();
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND_LINE, ...args], {
      encoding: 'utf8',
    });
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    if (status !== 0) throw new Error(`${what}: exit ${status}, ${stderr.trim()}`);
    const document = JSON.parse(stdout);
    if ((document.totals ?? document).records !== SHARDS * count)
      throw new Error(`${what}: records are missing`);
    if (what.startsWith('stats')) checkPage(page, document, SHARDS * count);
    return milliseconds;
  };
  const contestants = ways.map((way) => ({
    ...way,
    key: way.what,
    open: async () => {
      turnOf(way);
      return { turn: async () => turnOf(way) };
    },
  }));
  try {
    const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(fileBytes / 2) });
    for (const { key, what } of contestants) {
      const { rounds: values, failed } = outcomes.get(key);
      const place = { group: 'stats', format: 'tfrecord', size, who: 'recordpipe', what, cores: 'all' };
      add(failed ? { ...place, failed } : { ...place, unit: 'ms', rounds: values });
    }
  } finally {
    for (const path of [...shards, page]) data.remove(path);
  }
}

function checkPage(page, { features }, records) {
  const html = readFileSync(page);
  if (html.length > MAX_PAGE_BYTES) throw new Error(`stats --html: a page of ${html.length} bytes`);
  if (!html.includes('data:image/jpeg')) throw new Error('stats --html: no images on the page');
  const image = features.find(({ name }) => name === 'image/encoded');
  if (image.bytes.images.jpeg.values !== records)
    throw new Error('stats --html: some images were not counted');
}

function writeShard(path, count, shard) {
  const pool = payloadPool(16, IMAGE_BYTES, SEED + shard);
  const frames = pool.map((payload, i) =>
    encodeTFRecord(encodeExample(exampleOf(payload, shard * count + i))),
  );
  const file = openSync(path, 'w');
  for (let i = 0; i < count; i++) writeSync(file, frames[i % frames.length]);
  fsyncSync(file);
  closeSync(file);
}

/** An Example with a valid JPEG header followed by arbitrary bytes, which nothing decodes. */
function exampleOf(payload, id) {
  const image = Uint8Array.from(payload);
  image.set(JPEG_HEADER);
  return {
    'image/encoded': { kind: 'bytes', value: [image] },
    'image/class/label': { kind: 'int64', value: [id % 10] },
    'image/class/text': { kind: 'bytes', value: [`class ${id % 10}`] },
    'image/height': { kind: 'int64', value: [300] },
    'image/width': { kind: 'int64', value: [400] },
    bbox: { kind: 'float', value: [0.1, 0.2, 0.3, 0.4] },
  };
}
