/**
 * Starts the peers of the benchmarks and sends them requests, one at a time. README.md documents
 * the protocol.
 *
 *   for (const peer of availablePeers()) {
 *     if (!peer.available) { console.log(`skipped: ${peer.name} (${peer.reason})`); continue; }
 *     const running = startPeer(peer.command, peer.args, { cpu: 1 });
 *     const { version } = await running.ready;
 *     const { seconds } = await running.call({ op: 'read', mode: peer.modes.read[0], path });
 *     await running.close();
 *   }
 */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const installed = (path) => here(`../../.cache/counterparts/${path}`);

/** Maximum characters of a peer's stderr to keep for error messages. */
const MAX_STDERR_CHARACTERS = 2000;
/** Maximum time for a peer to exit after the exit request. */
const LEAVE_MS = 5000;

const GRAIN_MODES = ['sequential', 'shuffled', 'sequential, no threads', 'shuffled, no threads'];

/** All peers: how each is installed, which file it needs, how to start it, and its modes. */
const PEERS = [
  {
    name: 'limit',
    needs: '/dev/null',
    command: process.execPath,
    args: [here('limit_peer.mjs')],
    modes: { read: ['dd', 'cat', 'wc -l', "grep -c ''"], write: [], pipe: ['cat'] },
  },
  {
    name: 'readline',
    needs: process.execPath,
    command: process.execPath,
    args: [here('readline_peer.mjs')],
    modes: { read: ['readline', 'readline events'], write: [] },
  },
  {
    name: 'generators',
    needs: process.execPath,
    command: process.execPath,
    args: [here('generators_peer.mjs')],
    modes: { chain: ['numbers', 'records'] },
  },
  ...['ix', 'rxjs'].map((name) => ({
    name,
    counterpart: 'npm',
    needs: here(`node_modules/${name}/package.json`),
    command: process.execPath,
    args: [here(`${name}_peer.mjs`)],
    modes: { chain: ['numbers', 'records'] },
  })),
  {
    name: 'tensorflow',
    counterpart: 'tensorflow',
    needs: installed('tensorflow.stamp'),
    command: installed('tensorflow/bin/python'),
    args: ['-B', here('tensorflow_peer.py')],
    modes: {
      read: [
        'tf_record_iterator',
        'TFRecordDataset',
        'TFRecordDataset best',
        'TextLineDataset',
        'TextLineDataset best',
      ],
      write: ['TFRecordWriter'],
      example: ['parse_single_example', 'parse_example'],
      files: ['TFRecordDataset', 'tf_record_iterator'],
      convert: ['tf.train.Example, pyarrow', 'parse_example, pyarrow'],
      columns: ['parse_single_example, numpy', 'parse_example, numpy'],
      images: ['TFRecordDataset.batch.parse.prefetch', 'TFRecordDataset.shuffle.batch.parse.prefetch'],
    },
  },
  {
    name: 'vahidk',
    counterpart: 'vahidk',
    needs: installed('vahidk.stamp'),
    command: installed('vahidk/bin/python'),
    args: ['-B', here('vahidk_peer.py')],
    modes: {
      read: ['tfrecord_iterator'],
      write: ['TFRecordWriter'],
      index: ['tfrecord2idx'],
      get: ['loader, one pass', 'loader, a shard per record'],
      example: ['extract_feature_dict'],
      images: ['tfrecord_loader'],
      convert: ['tfrecord_loader, pyarrow'],
    },
  },
  {
    name: 'recordpipe-python',
    counterpart: 'tensorflow',
    needs: installed('tensorflow.stamp'),
    command: installed('tensorflow/bin/python'),
    args: ['-B', here('python_peer.py')],
    modes: { columns: ['recordpipe.read', 'recordpipe.read, schema'] },
  },
  {
    name: 'ray',
    counterpart: 'tensorflow',
    needs: installed('tensorflow.stamp'),
    command: installed('tensorflow/bin/python'),
    args: ['-B', here('ray_peer.py')],
    modes: { convert: ['read_tfrecords, write_parquet'] },
  },
  {
    name: 'tfr-reader',
    counterpart: 'tfr-reader',
    needs: installed('tfr-reader.stamp'),
    command: installed('tfr-reader/bin/python'),
    args: ['-B', here('tfr_reader_peer.py')],
    modes: { convert: ['load_from_directory, pyarrow'] },
  },
  {
    name: 'mxnet',
    counterpart: 'mxnet',
    needs: installed('mxnet.stamp'),
    command: installed('mxnet/bin/python'),
    args: ['-B', here('mxnet_peer.py')],
    modes: { read: ['MXRecordIO'], write: ['MXRecordIO'] },
  },
  {
    name: 'sagemaker',
    counterpart: 'sagemaker',
    needs: installed('sagemaker.stamp'),
    command: installed('sagemaker/bin/python'),
    args: ['-B', here('sagemaker_peer.py')],
    modes: { read: ['read_recordio'], write: ['_write_recordio'], pipe: ['read_recordio'] },
  },
  {
    name: 'original',
    counterpart: 'original',
    needs: installed('original.stamp'),
    command: installed('original/bin/python'),
    args: ['-B', here('original_peer.py')],
    modes: { pipe: ['batch(256)', 'one by one'] },
  },
  {
    name: 'rust',
    counterpart: 'rust',
    needs: installed('rust.stamp'),
    command: installed('rust/release/tfrecord-peer'),
    args: [],
    modes: { read: ['BytesIter', 'BytesIter unchecked'], write: ['BytesWriter'] },
  },
  {
    name: 'npm-tfrecord',
    counterpart: 'npm',
    needs: here('node_modules/tfrecord/package.json'),
    command: process.execPath,
    args: [here('npm_tfrecord_peer.mjs')],
    modes: { read: ['RecordReader'], write: ['RecordWriter'], example: ['decode'], images: ['createReader'] },
  },
  {
    name: 'roboflow',
    counterpart: 'npm',
    needs: here('node_modules/@roboflow/tfrecords/package.json'),
    command: process.execPath,
    args: [here('roboflow_peer.mjs')],
    modes: { images: ['TFRecordsReader'] },
  },
  {
    name: 'loaders',
    counterpart: 'loaders',
    needs: installed('loaders.stamp'),
    command: installed('loaders/bin/python'),
    args: ['-B', here('loaders_peer.py')],
    modes: {
      images: ['WebDataset', 'mosaicml-streaming'],
      convert: ['write mds', 'write mds of records'],
      dataset: ['sequential', 'shuffled'],
      resume: ['sequential', 'shuffled'],
    },
  },
  {
    name: 'grain',
    counterpart: 'grain',
    needs: installed('grain.stamp'),
    command: installed('grain/bin/python'),
    args: ['-B', here('grain_peer.py')],
    modes: {
      convert: ['write array_record'],
      dataset: GRAIN_MODES,
      resume: GRAIN_MODES,
    },
  },
  {
    name: 'dali',
    counterpart: 'dali',
    needs: installed('dali.stamp'),
    command: installed('dali/bin/python'),
    args: ['-B', here('dali_peer.py')],
    modes: { images: ['DALI'] },
  },
  ...['protobufjs', 'bufbuild'].map((name) => ({
    name,
    counterpart: 'npm',
    needs: here(`node_modules/${name === 'bufbuild' ? '@bufbuild/protobuf' : name}/package.json`),
    command: process.execPath,
    args: [here(`${name}_peer.mjs`)],
    modes: { example: ['decode'] },
  })),
];

/** Returns all peers. A peer that is not installed has `available: false` and a `reason`. */
export function availablePeers() {
  return PEERS.map(({ needs, counterpart, ...peer }) =>
    existsSync(needs)
      ? { ...peer, available: true }
      : { ...peer, available: false, reason: whyMissing(counterpart) },
  );
}

/** Returns the reason recorded by scripts/counterparts.sh if it could not install a counterpart. */
export function whyMissing(counterpart) {
  const note = installed(`${counterpart}.skipped`);
  if (existsSync(note)) return readFileSync(note, 'utf8').trim();
  return `not installed: scripts/counterparts.sh ${counterpart}`;
}

/** Parses a response. Other output of a peer's libraries is ignored. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/**
 * Starts a peer. `ready` resolves with the peer's description. `call` sends a request and resolves
 * with the response; calls are queued. It rejects if the response is an error or the peer exits.
 * `close` ends the peer.
 * @param {{ cpu?: number | string }} options cpu: keep it on this processor (taskset's notation)
 */
export function startPeer(command, args = [], { cpu } = {}) {
  const line = cpu === undefined ? [command, ...args] : ['taskset', '-c', String(cpu), command, ...args];
  const child = spawn(line[0], line.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = new Map();
  let stderr = '';
  let failure;
  let nextId = 1;

  const expect = (id) => new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  const fail = (reason) => {
    failure ??= new Error(`${command}: ${reason}${stderr ? `\n${stderr.trim()}` : ''}`);
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  const gone = new Promise((resolve) => {
    child.once('error', (error) => resolve(fail(error.message)));
    child.once('close', (code, signal) => resolve(fail(`ended (${signal ?? code})`)));
  });
  child.stdin.on('error', () => {});
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-MAX_STDERR_CHARACTERS);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const answer = parsed(text);
    const id = answer.ready ? 'ready' : answer.id;
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (answer.error === undefined) resolve?.(answer);
    else reject?.(new Error(`${command}: ${answer.error}`));
  });

  const ready = expect('ready');
  ready.catch(() => {});
  let previous = ready;
  const ask = async (request) => {
    if (failure) throw failure;
    const id = nextId++;
    const answer = expect(id);
    child.stdin.write(`${JSON.stringify({ ...request, id })}\n`);
    return answer;
  };

  return {
    ready,
    pid: child.pid,
    call(request) {
      const answer = previous.catch(() => {}).then(() => ask(request));
      previous = answer;
      answer.catch(() => {});
      return answer;
    },
    async close() {
      child.stdin.end(`${JSON.stringify({ op: 'exit' })}\n`);
      const timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}
