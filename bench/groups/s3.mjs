import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from '../s3/bucket.mjs';
import { missingNginx, withNginx } from '../s3/nginx.mjs';
import { runDownloads } from './s3-downloads.mjs';
import { runOutage } from './s3-outage.mjs';
import { runStoppedReader } from './s3-stopped-reader.mjs';
import { runSmallObjects, runValidating } from './s3-validating.mjs';

const MEMORY = '/dev/shm';

const KINDS = {
  limited: runDownloads,
  unlimited: runDownloads,
  validate: runValidating,
  'small objects': runSmallObjects,
  'stopped reader': runStoppedReader,
  outage: runOutage,
};

/**
 * Measures access to objects on an nginx server on this machine. Each case has its own group of
 * figures.
 */
export async function runS3(cases, context) {
  if (missingNginx !== undefined) {
    for (const { what } of cases)
      context.add({
        group: `s3 ${what}`,
        who: 'nginx',
        what: 'all clients',
        cores: 'all',
        skipped: missingNginx,
      });
    return;
  }
  for (const { what } of cases) {
    const place = context.data.name('recordpipe-s3', existsSync(MEMORY) ? MEMORY : undefined);
    const bucket = new Bucket(join(place, 'objects'));
    try {
      // The listings are part of the server's configuration, so each case starts its own server.
      await KINDS[what]({ ...context, group: `s3 ${what}`, what, place, bucket, serve: withNginx });
    } finally {
      context.data.remove(place);
    }
  }
}
