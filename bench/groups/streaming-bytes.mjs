import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeJob, makePipes } from '../channel.mjs';
import { recordsIn } from '../formats.mjs';
import { ENVIRONMENT, ONE_OBJECT } from '../s3/clients.mjs';
import { sha256Of } from '../s3/lines.mjs';
import {
  expectBytes,
  readWith,
  sha256OfPipe,
  startOrderedStream,
  startStreamer,
  unsigned,
} from '../streaming/processes.mjs';
import { measure } from './s3-downloads.mjs';

const TIMES_LARGER = 2;
const RECORD = 10_000;
/** Alternatives to the streamer that write to a pipe, as command lines. */
const PEERS = [
  ['curl', 'curl'],
  ['aws', 's3 cp -'],
  ['s5cmd', 'cat'],
  ['s5cmd', 'cat -c 10 -p 8'],
];

/**
 * Measures streaming one file or object through a pipe, in bytes per second from the start of the
 * reader to its end. Nothing is fetched before the reader opens the pipe.
 */
export async function runStreamedBytes(context) {
  const { group, what, fileBytes, data, rounds, place, bucket, serve, add } = context;
  const file = data.records('streamed', recordsIn(TIMES_LARGER * fileBytes, RECORD), RECORD);
  const sha256 = sha256Of([file.path]);
  const options = { group, unit: 'GB/s', rounds, data, add };
  try {
    if (what === 'file') {
      const from = { file, sha256, place, uri: file.path };
      const contestants = [streamed(from), writtenBy('cat', 'cat FILE > FIFO', ['cat', file.path], from)];
      return await measure([...contestants, alone(from)], options);
    }
    const key = 'streamed.tfrecord';
    await once(spawn('cp', [file.path, bucket.path(key)]), 'exit');
    bucket.list(key, [key]);
    await serve(place, bucket, async (nginx) => {
      const endpoint = what === 's3 limited' ? nginx.limited : nginx.fast;
      const from = { file, sha256, place, uri: bucket.uri(key), objects: unsigned(endpoint) };
      const known = PEERS.map(([who, name]) =>
        ONE_OBJECT.find((one) => one.who === who && one.what === name),
      );
      // With one connection, the rate limit determines the result.
      const shown = known.filter(({ oneConnection }) => what !== 's3 limited' || !oneConnection);
      const peers = shown.map(({ who, what: name, line, missing }) => {
        return writtenBy(who, `${name} > FIFO`, line(endpoint, bucket, key), from, missing);
      });
      const limit = writtenBy('cat', 'cat FILE > FIFO', ['cat', bucket.path(key)], from);
      const ours = [streamed(from), alone(from), records(from, context.peers)];
      await measure([...ours, limit, ...peers], options);
    });
  } finally {
    data.remove(file.path);
  }
}

const contestant = (who, what, open, missing) => ({ who, what, key: `${who} ${what}`, open, missing });
const jobOf = ({ uri, objects }, pipeDir) => ({
  channels: [{ name: 'train', uri }],
  pipeDir,
  lazy: true,
  objects,
});

function streamed(from) {
  return contestant('recordpipe', 'streamer', async () => {
    const streamer = await startStreamer(jobOf(from, join(from.place, 'streamed')));
    await streamer.ready;
    expectBytes('streamer', await sha256OfPipe(streamer.pipe(0)), from.sha256);
    let epoch = 1;
    const turn = async () => from.file.fileBytes / 1e9 / (await readWith(streamer.pipe(epoch++))).seconds;
    return { turn, close: () => streamer.close() };
  });
}

/** Measures the same stream in a process that discards the bytes. */
function alone(from) {
  return contestant('recordpipe', 'ordered stream alone', async () => {
    const stream = startOrderedStream(from.uri, from.objects);
    expectBytes('ordered stream', (await stream.check()).sha256, from.sha256);
    const turn = async () => from.file.fileBytes / 1e9 / (await stream.pass()).seconds;
    return { turn, close: () => stream.close() };
  });
}

/** A PipeModeDataset in a third process that verifies the checksums of its records. */
function records(from, peers) {
  return contestant('recordpipe', 'streamer, PipeModeDataset', async () => {
    const folders = makeJob(join(from.place, 'job'), ['train']);
    const streamer = await startStreamer(jobOf(from, folders.pipeDir));
    await streamer.ready;
    const reader = await peers.fresh('all');
    const { count, fileBytes } = from.file;
    const request = { op: 'pipe', mode: 'views', format: 'tfrecord', channel: 'train', ...folders };
    const pass = async () => {
      const answer = await reader.call(request);
      if (answer.records !== count) throw new Error(`${answer.records} records of ${count}`);
      return fileBytes / 1e9 / answer.seconds;
    };
    await pass();
    const close = async () => {
      await reader.close();
      await streamer.close();
    };
    return { turn: pass, close };
  });
}

function writtenBy(who, what, line, from, missing) {
  const open = async () => {
    const { pipeDir } = makeJob(join(from.place, `${who}-${line.length}`), []);
    let epoch = 0;
    const pass = async (read) => {
      const [pipe] = makePipes(pipeDir, ['train'], epoch++);
      const writer = spawn('sh', ['-c', 'pipe=$0; exec "$@" > "$pipe"', pipe, ...line], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: ENVIRONMENT,
      });
      const ended = once(writer, 'exit');
      const result = await read(pipe);
      const [code, signal] = await ended;
      if (code !== 0) throw new Error(`${line[0]}: exited (${signal ?? code})`);
      return result;
    };
    expectBytes(what, await pass(sha256OfPipe), from.sha256);
    const turn = async () => from.file.fileBytes / 1e9 / (await pass((pipe) => readWith(pipe))).seconds;
    return { turn };
  };
  return contestant(who, what, open, missing);
}
