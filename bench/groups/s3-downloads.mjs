import { copyFileSync } from 'node:fs';
import { contest } from '../contest.mjs';
import { recordsIn } from '../formats.mjs';
import { ONE_OBJECT } from '../s3/clients.mjs';
import { contestantOf, sha256Of } from '../s3/lines.mjs';

const TIMES_LARGER = 4;
const MAX_BYTES = 2 ** 29;

/**
 * Measures downloading one large object to standard output, in bytes per second of whole processes.
 */
export async function runDownloads({ group, what, fileBytes, data, rounds, place, bucket, serve, add }) {
  const bytes = Math.min(TIMES_LARGER * fileBytes, MAX_BYTES);
  const file = data.records('object', recordsIn(bytes, 1000), 1000);
  const key = 'large.tfrecord';
  copyFileSync(file.path, bucket.path(key));
  data.remove(file.path);
  const source = { bytes: file.fileBytes, sha256: sha256Of([bucket.path(key)]), scratch: place };
  await serve(place, bucket, async (nginx) => {
    const endpoint = what === 'limited' ? nginx.limited : nginx.fast;
    // With one connection, the rate limit determines the result.
    const programs = ONE_OBJECT.filter(({ oneConnection }) => what !== 'limited' || !oneConnection);
    const contestants = programs.map((program) =>
      contestantOf(program, () => program.line(endpoint, bucket, key), { source }),
    );
    await measure(contestants, { group, unit: 'GB/s', rounds, data, add });
  });
}

/**
 * Measures the available contestants in turn and adds their figures. Those that note their processor
 * time have a second figure, in a separate group.
 */
export async function measure(contestants, { group, unit, rounds, minRounds, data, add }) {
  const placeOf = ({ who, what }) => ({ group, who, what, cores: 'all' });
  const available = contestants.filter(({ missing }) => missing === undefined);
  for (const one of contestants) if (one.missing) add({ ...placeOf(one), skipped: one.missing });
  const outcomes = await contest(available, { rounds, minRounds, before: () => data.warmMemory(2 ** 27) });
  for (const one of available) {
    const { rounds: values, failed, notes: { processor, ...notes } = {} } = outcomes.get(one.key);
    const place = { ...placeOf(one), ...notes };
    add(failed ? { ...placeOf(one), failed } : { ...place, unit, rounds: values });
    if (processor?.length > 0 && !failed)
      add({ ...place, group: `${group} processor`, unit: 's/GB', rounds: processor });
  }
}
