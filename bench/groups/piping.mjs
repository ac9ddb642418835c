import { crc32 } from 'node:zlib';
import { Channel } from '../channel.mjs';
import { contest } from '../contest.mjs';
import { SEED } from '../data.mjs';
import { FORMATS, frameBytes, recordsIn } from '../formats.mjs';
import { limitOf } from './pass-limit.mjs';

/** How much larger the files of other cases are. */
const TIMES_SMALLER = 2;

const ours = (...whats) => whats.map((what) => ({ who: 'recordpipe', what, ours: true }));
const OURS = ours('views', 'views, forEach', 'batch(256)', 'batches, reuse', 'batches, reuse, views');
const CAT = { who: 'limit', what: 'cat', whole: true };
const ORIGINAL = [
  { who: 'original', what: 'batch(256)', multiple: 256 },
  { who: 'original', what: 'one by one' },
];

/**
 * The readers of each format. `ours`: recordpipe in a new process; `whole`: counts bytes, not
 * records; `multiple`: can stop only at multiples of this number of records.
 */
const READERS = {
  tfrecord: [CAT, ...OURS, ...ORIGINAL],
  recordio: [CAT, ...OURS, ...ORIGINAL, { who: 'sagemaker', what: 'read_recordio' }],
  textline: [CAT, ...ours('views', 'batches, reuse, views')],
};

/**
 * Measures Pipe mode epochs from opening the pipe to its end, in file bytes per second. The writer
 * is `cat FILE > PIPE` for every reader. No reader is kept on one core, because the writer needs a
 * core as well.
 */
export async function runPipes(cases, { fileBytes: maxBytes, data, peers, rounds, add }) {
  const fileBytes = maxBytes / TIMES_SMALLER;
  for (const { format, size } of cases) {
    const file = data.records(`pipe-${format}-${size}`, recordsIn(fileBytes, size, format), size, format);
    const place = ({ who, what }) => ({ group: 'pipe', format, size, who, what, cores: 'all' });
    const sums = sumsOf(file);
    const contestants = [];
    for (const reader of READERS[format]) {
      const missing = reader.ours ? undefined : peers.reason(reader.who);
      if (missing) add({ ...place(reader), skipped: missing });
      else
        contestants.push({
          ...reader,
          key: `${reader.who} ${reader.what}`,
          open: () => openReader(reader, file, { sums, data, peers }),
        });
    }
    try {
      const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(fileBytes / 2) });
      for (const reader of contestants) {
        const { rounds: values, failed, notes: { own = [], ...notes } = {} } = outcomes.get(reader.key);
        add(
          failed
            ? { ...place(reader), failed }
            : { ...place(reader), ...notes, unit: 'GB/s', rounds: values },
        );
        if (own.length > 0)
          add({ ...place(reader), what: `${reader.what}, by its own clock`, unit: 'GB/s', rounds: own });
      }
    } finally {
      data.remove(file.path);
    }
  }
}

async function openReader({ who, what, ours, whole, multiple }, file, { sums, data, peers }) {
  const { path, format, size, count, fileBytes } = file;
  const root = data.name(`channel-${format}-${size}-${who}-${what.replaceAll(/\W/g, '')}`);
  const channel = new Channel(root);
  const peer = ours ? await peers.fresh('all') : await peers.get(who, 'all');
  const notes = { version: peer.version, own: [], ...(ours && { processorMsPerGB: [] }) };
  const pass = (limit, check) =>
    channel.epoch(path, async (place) => {
      const request = { op: 'pipe', mode: what, path, format, ...place };
      const answer = await peer.call({ ...request, ...(limit && { limit }), ...(check && { check }) });
      const [records, bytes] = whole ? [0, fileBytes] : [limit ?? count, (limit ?? count) * size];
      const same = !check || whole || answer.sum === sums(records);
      if (answer.records === records && (answer.bytes ?? bytes) === bytes && same) return answer;
      throw new Error(
        `${who} ${what}: read ${answer.records} records, ${answer.bytes} bytes; expected ${records}, ${bytes}${same ? '' : ', with a different checksum'}`,
      );
    });
  const close = async () => {
    await peer.close();
    data.remove(root);
  };
  try {
    const limit = ours || whole ? undefined : await limitOf(pass, file, multiple);
    await pass(limit, true);
    await pass(limit);
    if (limit !== undefined) notes.records = limit;
    const turn = async () => {
      const { seconds, ownSeconds, processorMs, records, bytes } = await pass(limit);
      const gigabytes = (whole ? bytes : records * frameBytes(format, size)) / 1e9;
      notes.processorMsPerGB?.push(Math.round(processorMs / gigabytes));
      if (ownSeconds > 0) notes.own.push(gigabytes / ownSeconds);
      return gigabytes / seconds;
    };
    return { turn, notes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Returns a function that computes the CRC-32 over the first `records` records of a file. */
function sumsOf({ count, size, format }) {
  const pool = FORMATS[format].pool(count, size, SEED);
  const known = new Map();
  return (records) => {
    if (!known.has(records)) {
      let sum = 0;
      for (let k = 0; k < records; k++) sum = crc32(pool[k % pool.length], sum);
      known.set(records, sum);
    }
    return known.get(records);
  };
}
