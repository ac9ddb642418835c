import { contest } from '../contest.mjs';
import { FRAMING_BYTES, recordsIn } from '../data.mjs';

/** A pass of a peer that would take longer stops after as many records as it reads in this time. */
const PASS_SECONDS = 0.8;

const OURS = { who: 'recordpipe', ours: true };
const TENSORFLOW = { who: 'tensorflow' };
const LIMIT = { who: 'limit', whole: true };

/** Who reads, and in which cases. `stops`: follows a limit of records. */
const READERS = [
  { ...LIMIT, what: 'dd', cores: 'one', cases: ['validate', 'batches', 'views'] },
  { ...LIMIT, what: 'cat', cores: 'one', cases: ['validate'] },
  { ...OURS, what: 'validate', cores: 'all', cases: ['validate', 'batches'] },
  { ...OURS, what: 'validate', cores: 'one', cases: ['validate', 'batches'] },
  { ...OURS, what: 'batches', cores: 'all', cases: ['batches'] },
  { ...OURS, what: 'batches', cores: 'one', cases: ['batches'] },
  { ...OURS, what: 'batches, reuse', cores: 'all', cases: ['batches'] },
  { ...OURS, what: 'batches, reuse', cores: 'one', cases: ['batches'] },
  { ...OURS, what: 'views', cores: 'all', cases: ['views'] },
  { ...OURS, what: 'views', cores: 'one', cases: ['views'] },
  { ...OURS, what: 'views, reuse', cores: 'all', cases: ['views'] },
  { ...OURS, what: 'views, reuse', cores: 'one', cases: ['views'] },
  { ...TENSORFLOW, what: 'tf_record_iterator', cores: 'one', stops: true, cases: ['validate', 'views'] },
  { ...TENSORFLOW, what: 'TFRecordDataset', cores: 'one', stops: true, cases: ['validate', 'views'] },
  { ...TENSORFLOW, what: 'TFRecordDataset', cores: 'all', stops: true, cases: ['validate', 'views'] },
  { ...TENSORFLOW, what: 'TFRecordDataset best', cores: 'one', cases: ['validate'] },
  { ...TENSORFLOW, what: 'TFRecordDataset best', cores: 'all', cases: ['validate'] },
  { who: 'rust', what: 'BytesIter', cores: 'one', stops: true, cases: ['validate', 'views'] },
  { who: 'rust', what: 'BytesIter unchecked', cores: 'one', stops: true, cases: ['views'] },
  { who: 'vahidk', what: 'tfrecord_iterator', cores: 'one', stops: true, cases: ['views'] },
  { who: 'npm-tfrecord', what: 'RecordReader', cores: 'one', stops: true, cases: ['views'] },
];

/** Reading one file per record size; figures are file bytes per second. */
export async function runReading(cases, context) {
  for (const size of new Set(cases.map((one) => one.size))) {
    const wanted = cases.filter((one) => one.size === size).map(({ what }) => what);
    const readers = READERS.filter((reader) => reader.cases.some((what) => wanted.includes(what)));
    await readFileOf(size, readers, context);
  }
}

async function readFileOf(size, readers, { fileBytes, data, peers, rounds, add }) {
  const file = data.records(`read-${size}`, recordsIn(fileBytes, size), size);
  const place = ({ who, what, cores }) => ({ group: 'read', size, who, what, cores });
  try {
    const contestants = [];
    for (const reader of readers) {
      const missing = reader.ours ? undefined : peers.reason(reader.who);
      if (missing) add({ ...place(reader), skipped: missing });
      else contestants.push({ ...reader, key: key(reader), open: () => openReader(reader, file, peers) });
    }
    const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(fileBytes / 2) });
    for (const reader of contestants) {
      const { rounds: values, failed, notes } = outcomes.get(reader.key);
      add(
        failed ? { ...place(reader), failed } : { ...place(reader), ...notes, unit: 'GB/s', rounds: values },
      );
      if (notes?.own?.length)
        add({ ...place(reader), what: `${reader.what}, by its own clock`, unit: 'GB/s', rounds: notes.own });
    }
  } finally {
    data.remove(file.path);
  }
}

function key({ who, what, cores }) {
  return `${who} ${what} (${cores})`;
}

async function openReader(reader, file, peers) {
  const { who, what, cores, ours } = reader;
  const peer = ours ? await peers.fresh(cores) : await peers.get(who, cores);
  const notes = { version: peer.version };
  if (reader.whole) notes.own = [];
  const pass = async (limit) => {
    const answer = await peer.call({ op: 'read', mode: what, path: file.path, ...(limit && { limit }) });
    assertRead(reader, answer, file, limit);
    return answer;
  };
  try {
    const limit = reader.stops ? await limitOf(pass, file) : undefined;
    if (ours) await pass();
    await pass(limit);
    if (limit !== undefined) notes.records = limit;
    const turn = async () => {
      const { seconds, ownSeconds, records, bytes } = await pass(limit);
      if (ownSeconds) notes.own.push(bytes / ownSeconds / 1e9);
      return (bytes + records * FRAMING_BYTES) / seconds / 1e9;
    };
    return { turn, notes, close: peer.close };
  } catch (error) {
    await peer.close?.();
    throw error;
  }
}

/** How many records such a peer reads in PASS_SECONDS; undefined when that is all of them. */
async function limitOf(pass, { count, size }) {
  const few = Math.max(20, Math.floor(1e6 / (size + 400)));
  if (few >= count) return undefined;
  await pass(few);
  const { seconds } = await pass(few);
  const limit = Math.floor((few * PASS_SECONDS) / seconds);
  return limit < count ? limit : undefined;
}

function assertRead({ who, what, whole }, answer, { count, size, fileBytes }, limit = count) {
  const [records, bytes] = whole ? [0, fileBytes] : [limit, limit * size];
  if (answer.records === records && answer.bytes === bytes) return;
  throw new Error(
    `${who} ${what}: read ${answer.records} records, ${answer.bytes} bytes; expected ${records}, ${bytes}`,
  );
}
