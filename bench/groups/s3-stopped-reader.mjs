import { execFile } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { recordsIn } from '../formats.mjs';
import { sha256Of } from '../s3/lines.mjs';
import { measure } from './s3-downloads.mjs';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../subjects/s3-stopped.mjs', import.meta.url));
const PART = 2 ** 23;
const WINDOWS_MIB = [32, 64, 128];
/** Longer than the server waits for a client that stops reading. */
const SECONDS = 20;
const MAX_BYTES = 2 ** 29;

/**
 * Measures the peak memory, in MiB, of a process that reads half of an object, waits, and reads the
 * rest. Fails if a request is sent twice. The processes run at the same time, each with its own
 * object.
 */
export async function runStoppedReader({ group, smoke, fileBytes, data, place, bucket, serve, add }) {
  const bytes = smoke ? 2 ** 26 : Math.min(4 * fileBytes, MAX_BYTES);
  const file = data.records('object', recordsIn(bytes, 1000), 1000);
  const sha256 = sha256Of([file.path]);
  const minRequests = Math.ceil(file.fileBytes / PART);
  const keyOf = (windowMiB) => `window-${windowMiB}.tfrecord`;
  for (const windowMiB of WINDOWS_MIB) copyFileSync(file.path, bucket.path(keyOf(windowMiB)));
  data.remove(file.path);
  await serve(place, bucket, async (nginx) => {
    const seen = [];
    const contestants = WINDOWS_MIB.map((windowMiB) => {
      const uri = bucket.uri(keyOf(windowMiB));
      const open = async () => {
        const seconds = smoke ? 3 : SECONDS;
        const stopped = stop({ uri, endpointUrl: nginx.fast, windowMiB, seconds });
        stopped.catch(() => {});
        const turn = async () => {
          const report = await stopped;
          seen.push(...(await nginx.requests()));
          const requests = seen.filter(({ path }) => path.endsWith(keyOf(windowMiB))).length;
          // A request for the headers of the object.
          const spare = 2;
          if (requests > minRequests + spare || report.retries > 0)
            throw new Error(`${requests} requests for ${minRequests} parts, ${report.retries} retries`);
          if (report.sha256 !== sha256) throw new Error('the bytes differ from the source');
          return report.mebibytes;
        };
        return { turn, notes: { windowMiB } };
      };
      const what = `window ${windowMiB} MiB`;
      return { who: 'recordpipe', what, key: what, open };
    });
    await measure(contestants, { group, unit: 'MiB', rounds: 1, data, add });
  });
}

async function stop(job) {
  const { stdout } = await run(process.execPath, [PROGRAM, JSON.stringify(job)]);
  return JSON.parse(stdout);
}
