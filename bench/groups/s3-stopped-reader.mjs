import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { recordsIn } from '../formats.mjs';
import { sha256Of } from '../s3/lines.mjs';
import { measure } from './s3-downloads.mjs';

const PROGRAM = fileURLToPath(new URL('../subjects/s3-stopped.mjs', import.meta.url));
const PART = 2 ** 23;
const WINDOWS_MIB = [32, 64, 128];
const SECONDS = 60;
const MAX_BYTES = 2 ** 29;

/**
 * Measures the peak memory, in MiB, of a process that reads half of an object, waits for a minute,
 * and reads the rest. Fails if a request is sent twice.
 */
export async function runStoppedReader({ group, smoke, fileBytes, data, place, bucket, serve, add }) {
  const bytes = smoke ? 2 ** 26 : Math.min(4 * fileBytes, MAX_BYTES);
  const file = data.records('object', recordsIn(bytes, 1000), 1000);
  const key = 'large.tfrecord';
  copyFileSync(file.path, bucket.path(key));
  data.remove(file.path);
  const sha256 = sha256Of([bucket.path(key)]);
  const minRequests = Math.ceil(file.fileBytes / PART);
  await serve(place, bucket, async (nginx) => {
    const contestants = WINDOWS_MIB.map((windowMiB) => {
      const turn = async () => {
        await nginx.requests();
        const report = stop({
          uri: bucket.uri(key),
          endpointUrl: nginx.fast,
          windowMiB,
          seconds: smoke ? 3 : SECONDS,
        });
        const requests = await nginx.requests();
        // Requests for a listing or the headers of the object.
        const spare = 2;
        if (requests.length > minRequests + spare || report.retries > 0)
          throw new Error(`${requests.length} requests for ${minRequests} parts, ${report.retries} retries`);
        if (report.sha256 !== sha256) throw new Error('the bytes differ from the source');
        return report.mebibytes;
      };
      return {
        who: 'recordpipe',
        what: `window ${windowMiB} MiB`,
        key: String(windowMiB),
        open: async () => ({ turn, notes: { windowMiB } }),
      };
    });
    await measure(contestants, { group, unit: 'MiB', rounds: 1, data, add });
  });
}

function stop(job) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, JSON.stringify(job)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`exited (${status})\n${stderr.trim()}`);
  return JSON.parse(stdout);
}
