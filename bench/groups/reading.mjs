import { contest } from '../contest.mjs';
import { frameBytes, recordsIn } from '../formats.mjs';
import { limitOf } from './pass-limit.mjs';
import { READERS } from './readers.mjs';

/** Measures reading one file per format and record size, in file bytes per second. */
export async function runReading(cases, context) {
  const files = new Map(cases.map(({ format, size }) => [`${format} ${size}`, { format, size }]));
  for (const { format, size } of files.values()) {
    const here = cases.filter((one) => one.format === format && one.size === size);
    const readers = READERS[format].filter((reader) => here.some(({ what }) => reader.cases.includes(what)));
    await readFileOf({ format, size }, readers, context);
  }
}

async function readFileOf({ format, size }, readers, { fileBytes, data, peers, rounds, add }) {
  const file = data.records(`read-${format}-${size}`, recordsIn(fileBytes, size, format), size, format);
  const place = ({ who, what, cores }) => ({ group: 'read', format, size, who, what, cores });
  try {
    const contestants = [];
    for (const reader of readers) {
      const missing = reader.ours ? undefined : peers.reason(reader.who);
      if (missing) add({ ...place(reader), skipped: missing });
      else contestants.push({ ...reader, key: key(reader), open: () => openReader(reader, file, peers) });
    }
    const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(fileBytes / 4) });
    for (const reader of contestants) {
      const { rounds: values, failed, notes: { own = [], ...notes } = {} } = outcomes.get(reader.key);
      add(
        failed ? { ...place(reader), failed } : { ...place(reader), ...notes, unit: 'GB/s', rounds: values },
      );
      if (own.length > 0)
        add({ ...place(reader), what: `${reader.what}, by its own clock`, unit: 'GB/s', rounds: own });
    }
  } finally {
    data.remove(file.path);
  }
}

function key({ who, what, cores }) {
  return `${who} ${what} (${cores})`;
}

async function openReader(reader, file, peers) {
  const { who, what, cores, ours, whole } = reader;
  const { path, format, size } = file;
  const peer = ours ? await peers.fresh(cores) : await peers.get(who, cores);
  const notes = { version: peer.version, own: [] };
  const pass = async (limit) => {
    const answer = await peer.call({ op: 'read', mode: what, path, format, ...(limit && { limit }) });
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
      const gigabytes = (whole ? bytes : records * frameBytes(format, size)) / 1e9;
      if (ownSeconds > 0) notes.own.push(gigabytes / ownSeconds);
      return gigabytes / seconds;
    };
    return { turn, notes, close: peer.close };
  } catch (error) {
    await peer.close();
    throw error;
  }
}

/** `bytes` is undefined for operations that only count records. */
function assertRead({ who, what, whole }, answer, { count, size, fileBytes }, limit = count) {
  const [records, bytes] = whole ? [0, fileBytes] : [limit, limit * size];
  if (answer.records === records && (answer.bytes ?? bytes) === bytes) return;
  throw new Error(
    `${who} ${what}: read ${answer.records} records, ${answer.bytes} bytes; expected ${records}, ${bytes}`,
  );
}
