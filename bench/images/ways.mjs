/** The programs that read images, each over its own format of the same images. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startPeer } from '../against/peer.mjs';
import { ROOT } from '../machine.mjs';
import { during } from '../timings.mjs';

/** The default size of MDS shards. */
const MDS_BYTES = 2 ** 26;
const SHUFFLED = 'TFRecordDataset.shuffle.batch.parse.prefetch';
const EVERYWHERE = ['disk', 's3'];
const objects = (endpointUrl) => ({ region: 'us-east-1', anonymous: true, endpointUrl });
const installed = (path) => join(ROOT, '.cache/counterparts', path);

const mdsFolder = (bucket, half) => bucket.path(`images/mds/${half}`);

/** TFRecord files: local ones, or copies of the objects. */
const files = ({ shards, server, copies }) => ({
  paths: shards.map(({ files: { tfrecord } }) =>
    server ? join(copies, tfrecord.split('/').at(-1)) : tfrecord,
  ),
});

const ours = ({ shards, bucket, server }) => ({
  paths: shards.map(({ files: { tfrecord } }) => (server ? bucket.uri(bucket.key(tfrecord)) : tfrecord)),
  objects: server && objects(server),
});

/**
 * `copy`: reads no objects, so the objects are first copied into memory, which is part of the time.
 * `prepare(process, place)`: runs before the first pass. `only`: the set of images to read, by place, if reading all takes minutes.
 */
export const WAYS = [
  ...['views', 'columns', 'Dataset.shuffle.batch.prefetch'].map((what) => ({
    who: 'recordpipe',
    what,
    places: EVERYWHERE,
    request: ours,
  })),
  { who: 'tensorflow', what: 'TFRecordDataset.batch.parse.prefetch', places: ['disk'], request: files },
  { who: 'tensorflow', what: SHUFFLED, places: EVERYWHERE, copy: true, request: files },
  { who: 'tensorflow-io', what: SHUFFLED, places: ['s3'], request: ours },
  { who: 'vahidk', what: 'tfrecord_loader', places: EVERYWHERE, copy: true, request: files },
  { who: 'npm-tfrecord', what: 'createReader', places: EVERYWHERE, copy: true, request: files },
  {
    who: 'roboflow',
    what: 'TFRecordsReader',
    places: EVERYWHERE,
    copy: true,
    only: { disk: 'few', s3: 'few' },
    request: files,
  },
  {
    who: 'loaders',
    what: 'WebDataset',
    places: EVERYWHERE,
    request: ({ shards, bucket, server }) => ({
      paths: shards.map(({ files: { tar } }) =>
        server ? `pipe:curl -sSf ${server}/${bucket.name}/${bucket.key(tar)}` : tar,
      ),
    }),
  },
  {
    who: 'loaders',
    what: 'mosaicml-streaming',
    places: EVERYWHERE,
    prepare: convertToMDS,
    request: ({ job, jobs, bucket, server }) => ({
      paths: (jobs === 1 ? [0, 1] : [job]).map((half) =>
        server ? bucket.uri(bucket.key(mdsFolder(bucket, half))) : mdsFolder(bucket, half),
      ),
      endpoint: server,
    }),
  },
  {
    who: 'dali',
    what: 'DALI',
    places: EVERYWHERE,
    only: { s3: 'fewest' },
    request: ({ shards, bucket, server }) => ({
      paths: shards.map(({ files: { tfrecord } }) => (server ? bucket.uri(bucket.key(tfrecord)) : tfrecord)),
      indexes: shards.map(({ files: { index } }) => index),
      endpoint: server,
    }),
  },
];

/** The processes of the programs: up to two per program, which run at once. */
export class ImagePrograms {
  #peers;
  #running = new Map();

  constructor(peers) {
    this.#peers = peers;
  }

  /** Returns the reason why a program is not available; undefined if it is. */
  missing({ who }) {
    if (who === 'recordpipe') return undefined;
    const names = who === 'tensorflow-io' ? ['original', 'loaders'] : [who];
    return names.map((name) => this.#peers.reason(name)).find(Boolean);
  }

  /**
   * Returns the first or second process of a program.
   * @param {string | undefined} server the endpoint of the objects
   */
  async get({ who }, job, server) {
    if (who === 'recordpipe') return this.#peers.fresh('all');
    const key = `${who} ${job}`;
    if (!this.#running.has(key)) this.#running.set(key, this.#start(who, server));
    const { ready, call } = this.#running.get(key);
    const { version } = await during('starting', () => ready);
    return { version, call, close: async () => {} };
  }

  #start(who, server) {
    if (who !== 'tensorflow-io') return this.#peers.another(who);
    const program = join(ROOT, 'bench/against/tensorflow_io_peer.py');
    const modules = installed('loaders/lib/python3.11/site-packages');
    return startPeer(installed('original/bin/python'), ['-B', program, server, modules]);
  }

  async close() {
    await Promise.all([...this.#running.values()].map((program) => program.close()));
  }
}

/** Writes the MDS shards of the images, once: every other shard in each of two folders. */
async function convertToMDS({ call }, { shards, bucket }) {
  for (const half of [0, 1]) {
    const folder = mdsFolder(bucket, half);
    if (existsSync(folder)) continue;
    const paths = shards.filter((_, i) => i % 2 === half).map(({ files: { tar } }) => tar);
    await call({ op: 'convert', mode: 'write mds', folder, bytes: MDS_BYTES, paths });
  }
}
