import { copyFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assertFacts } from '../datasets/record-set.mjs';
import { Bucket } from '../s3/bucket.mjs';
import { missingNginx, withNginx } from '../s3/nginx.mjs';
import { startDelay } from '../s3/start-delay.mjs';
import { unsigned } from '../streaming/processes.mjs';
import { measureWays } from './ways.mjs';

const MEMORY = '/dev/shm';
const MILLISECONDS = 20;
const CACHE_BYTES = 2 ** 32;

/**
 * Compares reading a dataset from a server with a round-trip time of 20 ms: in order, shuffled in
 * blocks, and from the cache on disk after the first epoch; and local files. Figures are records
 * per second.
 */
export async function runDatasetObjects(context) {
  const { group, root, set, data, add } = context;
  if (missingNginx !== undefined) {
    add({ group, who: 'nginx', what: 'all', cores: 'all', skipped: missingNginx });
    return;
  }
  const place = data.name('recordpipe-datasets', existsSync(MEMORY) ? MEMORY : undefined);
  const bucket = new Bucket(join(place, 'objects'));
  try {
    const uris = set.paths.map((path) => {
      const key = `records/${basename(path)}`;
      for (const suffix of ['', '.rpidx']) copyFileSync(path + suffix, bucket.path(key + suffix));
      return bucket.uri(key);
    });
    await withNginx(place, bucket, async (nginx) => {
      const line = await startDelay(new URL(nginx.fast).port, MILLISECONDS);
      const objects = unsigned(line.endpoint);
      const cache = { dir: join(root, 'cache'), maxBytes: CACHE_BYTES };
      const ways = [
        ['records, local files', 'records', { paths: set.paths }],
        ['records, S3', 'records', { paths: uris, objects }],
        ['records, S3, cached on disk', 'records', { paths: uris, objects: { ...objects, cache } }],
        ['sequential, S3', 'sequential', { paths: uris, objects }],
        ['shuffled, S3', 'shuffled', { paths: uris, objects }],
      ];
      try {
        await measureWays(ways.map(wayOf(set)), { group }, context);
      } finally {
        await line.close();
      }
    });
  } finally {
    data.remove(place);
  }
}

function wayOf(set) {
  return ([what, mode, request]) => {
    const ask = async (peer, check) => {
      const { seconds, facts } = await peer.call({ op: 'dataset', mode, check, ...request });
      assertFacts(mode, facts, set, check);
      return set.count / seconds;
    };
    return {
      who: 'recordpipe',
      what,
      ours: true,
      cores: 'all',
      unit: 'records/s',
      prepare: (peer) => ask(peer, true),
      pass: (peer) => ask(peer, false),
    };
  };
}
