import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from '../s3/bucket.mjs';
import { missingNginx, withNginx } from '../s3/nginx.mjs';
import { runStreamedBytes } from './streaming-bytes.mjs';
import { runStreamedChannels } from './streaming-channels.mjs';
import { runFirstBytes } from './streaming-first-bytes.mjs';
import { runStreamedManifest } from './streaming-manifest.mjs';

const MEMORY = '/dev/shm';

const KINDS = {
  file: runStreamedBytes,
  's3 limited': runStreamedBytes,
  's3 unlimited': runStreamedBytes,
  manifest: runStreamedManifest,
  'first bytes': runFirstBytes,
  channels: runStreamedChannels,
};

/**
 * Measures the streamer in its own process, with readers that are not part of recordpipe. Each case
 * has its own group of figures.
 */
export async function runStreaming(cases, context) {
  for (const { what } of cases) {
    const group = `stream ${what}`;
    const place = context.data.name('recordpipe-stream', existsSync(MEMORY) ? MEMORY : undefined);
    const bucket = new Bucket(join(place, 'objects'));
    const skip = { group, who: 'nginx', what: 'all', cores: 'all', skipped: missingNginx };
    if (what !== 'file' && missingNginx !== undefined) context.add(skip);
    else {
      try {
        await KINDS[what]({ ...context, group, what, place, bucket, serve: withNginx });
      } finally {
        context.data.remove(place);
      }
    }
  }
}
