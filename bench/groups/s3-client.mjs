import { copyFileSync } from 'node:fs';
import { contest } from '../contest.mjs';
import { recordsIn } from '../formats.mjs';
import { ENVIRONMENT, ONE_OBJECT } from '../s3/clients.mjs';
import { run, sha256Of } from '../s3/lines.mjs';

/** Large enough that Node's startup time, about 0.05 s, does not matter. */
const BYTES = 2 ** 29;

/**
 * Compares the HTTP client of recordpipe with undici: whole downloads of one object by recordpipe,
 * by recordpipe with undici, and by undici alone. Figures are bytes per second and, in a separate
 * group, bytes per second of processor time (user and system).
 */
export async function runClients({ group, smoke, data, rounds, place, bucket, serve, add }) {
  const file = data.records('object', recordsIn(smoke ? 2 ** 24 : BYTES, 1000), 1000);
  const key = 'large.tfrecord';
  copyFileSync(file.path, bucket.path(key));
  data.remove(file.path);
  const sha256 = sha256Of([bucket.path(key)]);
  await serve(place, bucket, async (nginx) => {
    const contestants = [
      ['', nginx.fast],
      [', limited connections', nginx.limited],
    ].flatMap(([suffix, endpoint]) =>
      clients(endpoint).map(({ who, what, program, environment }) => {
        const line = program.line(endpoint, bucket, key);
        const perProcessorSecond = [];
        const turn = async () => {
          const { seconds, processorSeconds } = await run(line, undefined, environment);
          perProcessorSecond.push(file.fileBytes / 1e9 / processorSeconds);
          return file.fileBytes / 1e9 / seconds;
        };
        const open = async () => {
          const { output } = await run(line, 'sha256sum', environment);
          if (output.split(' ')[0] !== sha256)
            throw new Error(`${who} ${what}: the bytes differ from the object`);
          return { turn };
        };
        return { who, what: what + suffix, key: what + suffix, open, perProcessorSecond };
      }),
    );
    const outcomes = await contest(contestants, { rounds, before: () => data.warmMemory(2 ** 27) });
    for (const { who, what, key: name, perProcessorSecond } of contestants) {
      const { rounds: values, failed } = outcomes.get(name);
      for (const [of, unit, figures] of [
        [group, 'GB/s', values],
        [`${group} processor`, 'GB/processor-second', perProcessorSecond],
      ])
        add({ group: of, who, what, cores: 'all', ...(failed ? { failed } : { unit, rounds: figures }) });
    }
  });
}

/**
 * With a proxy configured, recordpipe uses undici. nginx handles proxy requests as if they were
 * addressed to itself.
 */
function clients(endpoint) {
  const [openObject, undici] = ['openObject', '8 ranges at once'].map((what) =>
    ONE_OBJECT.find((program) => program.what === what),
  );
  return [
    { who: 'recordpipe', what: 'openObject', program: openObject },
    {
      who: 'recordpipe',
      what: 'openObject over undici',
      program: openObject,
      environment: { ...ENVIRONMENT, http_proxy: endpoint },
    },
    { who: 'undici', what: '8 ranges at once, unchecked', program: undici },
  ];
}
