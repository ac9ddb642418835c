import { statSync } from 'node:fs';
import { contest } from '../contest.mjs';
import { SEED } from '../data.mjs';
import { crcOfFile } from '../file-crc.mjs';
import { frameBytes, recordsIn } from '../formats.mjs';

/**
 * Time limit of a pass, in seconds. A slower peer writes only as many records as it can write in
 * this time.
 */
const PASS_SECONDS = 0.2;

/** How much larger the files of other cases are. */
const TIMES_SMALLER = 2;

/** The same writer on all cores and on one core. */
const bothWays = (writer) => ['all', 'one'].map((cores) => ({ ...writer, cores }));

const ours = (what) => bothWays({ who: 'recordpipe', what, ours: true });

/** `other`: intentionally writes different bytes than recordpipe. */
const BLOCKS = { who: 'limit', what: 'writeSync, 1 MiB blocks', ours: true, other: true, cores: 'one' };

/** The writers of each format. */
const WRITERS = {
  tfrecord: [
    BLOCKS,
    ...ours('openTFRecordWriter'),
    ...ours('openTFRecordWriter, blocking'),
    ...bothWays({ who: 'tensorflow', what: 'TFRecordWriter' }),
    { who: 'rust', what: 'BytesWriter', cores: 'one' },
    { who: 'vahidk', what: 'TFRecordWriter', other: true, cores: 'one' },
    { who: 'npm-tfrecord', what: 'RecordWriter', cores: 'one' },
  ],
  recordio: [
    BLOCKS,
    ...ours('openRecordWriter'),
    { who: 'sagemaker', what: '_write_recordio', cores: 'one' },
    { who: 'mxnet', what: 'MXRecordIO', cores: 'one' },
  ],
  textline: [BLOCKS, ...ours('openRecordWriter')],
};

/**
 * Measures writing one file per format and record size, in file bytes per second. Each pass deletes
 * its file.
 */
export async function runWriting(cases, { fileBytes: maxBytes, data, peers, rounds, add }) {
  const fileBytes = maxBytes / TIMES_SMALLER;
  for (const { format, size } of cases) {
    const count = recordsIn(fileBytes, size, format);
    const expected = data.records(`expected-${format}-${size}`, count, size, format);
    const expectedCrc = (records) => crcOfFile(expected.path, records * frameBytes(format, size));
    const place = ({ who, what, cores }) => ({ group: 'write', format, size, who, what, cores });
    const contestants = [];
    for (const writer of WRITERS[format]) {
      const missing = writer.ours ? undefined : peers.reason(writer.who);
      if (missing) add({ ...place(writer), skipped: missing });
      else {
        const open = () => openWriter(writer, { count, size, format, expectedCrc, data, peers });
        contestants.push({ ...writer, key: `${writer.who} ${writer.what} (${writer.cores})`, open });
      }
    }
    try {
      const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(fileBytes) });
      for (const writer of contestants) {
        const { rounds: values, failed, notes } = outcomes.get(writer.key);
        add(
          failed
            ? { ...place(writer), failed }
            : { ...place(writer), ...notes, unit: 'GB/s', rounds: values },
        );
      }
    } finally {
      data.remove(expected.path);
    }
  }
}

async function openWriter(writer, { count, size, format, expectedCrc, data, peers }) {
  const { who, what, cores, other } = writer;
  const peer = writer.ours ? await peers.fresh(cores) : await peers.get(who, cores);
  const path = data.name(`write-${format}-${size}`);
  const each = frameBytes(format, size);
  const pass = async (records, check) => {
    try {
      const request = { op: 'write', mode: what, path, format, count: records, size, seed: SEED };
      const answer = await peer.call(request);
      const stored = statSync(path).size;
      const good = stored === answer.bytes + records * (each - size) && answer.records === records;
      if (!good || (check && !other && crcOfFile(path, stored) !== expectedCrc(records))) {
        throw new Error(
          `${who} ${what}: wrote ${stored} bytes that differ from the ${records} requested records`,
        );
      }
      return answer;
    } finally {
      data.remove(path);
    }
  };
  try {
    const few = Math.min(count, Math.max(20, Math.floor(1e6 / (size + 400))));
    await pass(few, true);
    const { seconds } = await pass(few);
    const records = writer.ours
      ? count
      : Math.max(few, Math.min(count, Math.floor((few * PASS_SECONDS) / seconds)));
    await pass(records, true);
    const notes = { version: peer.version, ...(records < count && { records }) };
    const turn = async () => {
      const answer = await pass(records);
      return (answer.bytes + records * (each - size)) / answer.seconds / 1e9;
    };
    return { turn, notes, close: peer.close };
  } catch (error) {
    await peer.close();
    throw error;
  }
}
