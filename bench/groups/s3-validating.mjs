import { copyFileSync } from 'node:fs';
import { recordsIn } from '../formats.mjs';
import { ALL_OBJECTS } from '../s3/clients.mjs';
import { contestantOf, run, sha256Of } from '../s3/lines.mjs';
import { COMMAND_LINE } from './process.mjs';
import { measure } from './s3-downloads.mjs';

const SHARDS = 40;
const TIMES_LARGER = 4;
/** Total of all shards. Every program downloads them six times. */
const MAX_BYTES = 2 ** 29;
const MAX_ROUNDS = 3;
const PREFIX = 'shards/';

/**
 * Measures `recordpipe validate s3://` of 40 shards and programs that only download them, in bytes
 * per second of whole processes.
 */
export async function runValidating({ group, smoke, fileBytes, data, rounds, place, bucket, serve, add }) {
  const count = recordsIn(Math.min(TIMES_LARGER * fileBytes, MAX_BYTES) / SHARDS, 1000);
  const file = data.records('shard', count, 1000);
  const keys = Array.from(
    { length: SHARDS },
    (_, k) => `${PREFIX}train-${String(k).padStart(5, '0')}-of-00040.tfrecord`,
  );
  for (const key of keys) copyFileSync(file.path, bucket.path(key));
  data.remove(file.path);
  bucket.list(PREFIX, keys);
  const sha256 = sha256Of(keys.map((key) => bucket.path(key)));
  const source = { bytes: SHARDS * file.fileBytes, sha256, scratch: place };
  await serve(place, bucket, async (nginx) => {
    for (const [suffix, endpoint] of [
      ['', nginx.fast],
      ...(smoke ? [] : [[', limited connections', nginx.limited]]),
    ]) {
      const validate = [process.execPath, COMMAND_LINE, 'validate', bucket.uri(PREFIX), '--json'];
      const command = [...validate, '--endpoint-url', endpoint, '--no-sign-request'];
      const check = async () => {
        const { records } = JSON.parse((await run(command, 'cat')).output).totals;
        if (records !== SHARDS * count) throw new Error(`validate: ${records} records`);
      };
      const ours = { who: 'recordpipe', what: `validate${suffix}` };
      const contestants = [
        contestantOf(ours, () => command, { source, check }),
        ...ALL_OBJECTS.map((program) =>
          contestantOf(
            { ...program, what: `${program.what}${suffix}` },
            (folder) => program.line(endpoint, bucket, PREFIX, folder),
            { source },
          ),
        ),
      ];
      await measure(contestants, { group, unit: 'GB/s', rounds: Math.min(rounds, MAX_ROUNDS), data, add });
    }
  });
}
