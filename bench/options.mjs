import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [REGEXP] [options]

  REGEXP          run only cases whose name matches (kernel, tfrecord/views, 100B, …)
  --list          list the matching cases
  --smoke         run one short pass of each case on small data to check that it works
  --full          run the memory cases on files of 10 GiB, and resume in 100 shards of 100 MB (needs
                  11 GiB of free disk space)
  --rounds N      rounds per case (default 5)
  --mib N         size of input and output files in MiB (default 256)
  --dir DIR       directory for those files (default .cache/bench)
  --out DIR       directory for RESULTS.md, results.json, and charts/
                  (default: bench/ if all cases run, otherwise none)
  --timings       print to standard error where the time of each group goes
`;

/**
 * @returns {{ filter: RegExp, list: boolean, help: boolean, smoke: boolean, full: boolean,
 *   timings: boolean, rounds: number, fileBytes: number, dir?: string, out?: string }}
 */
export function options(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      list: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      mib: { type: 'string' },
      dir: { type: 'string' },
      out: { type: 'string' },
      timings: { type: 'boolean', default: false },
    },
  });
  const { smoke, rounds = smoke ? 1 : 5, mib = smoke ? 2 : 256, ...rest } = values;
  return {
    ...rest,
    smoke,
    filtered: positionals.length > 0,
    filter: new RegExp(positionals.join('|')),
    rounds: positive('--rounds', rounds),
    fileBytes: positive('--mib', mib) * 2 ** 20,
  };
}

function positive(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`${name}: expected an integer >= 1, got ${text}`);
  return value;
}
