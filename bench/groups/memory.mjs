import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { contest } from '../contest.mjs';
import { recordsIn } from '../formats.mjs';
import { COMMAND_LINE } from './process.mjs';

const PRELOAD = new URL('../subjects/high-water.mjs', import.meta.url).href;
/** TFRecord's own limit in this package (protobuf's): the largest record that is not refused. */
const LARGEST_RECORD = 2 ** 31 - 1;

/** The most memory `recordpipe validate` ever had, and a Node process that does nothing; figures are MiB. */
export async function runMemory(cases, { smoke, full, data, add }) {
  for (const { what, name } of cases) {
    const place = { group: 'memory', who: 'recordpipe', what, cores: 'all' };
    if (!existsSync('/proc/self/status') || !existsSync(COMMAND_LINE)) {
      add({ ...place, skipped: existsSync(COMMAND_LINE) ? 'no /proc here' : 'no dist/cli/main.js' });
      continue;
    }
    const file = makeFile(what, { smoke, full, data });
    const validate = () => peak(file, [COMMAND_LINE, 'validate', file.path, '--json']);
    const contestants = [
      { key: 'bare', open: async () => ({ turn: async () => peak(undefined, ['-e', '0']) }) },
      { key: name, open: async () => ({ turn: async () => validate() }) },
    ];
    try {
      const outcomes = await contest(contestants, { rounds: smoke ? 1 : 3 });
      const note = { fileBytes: file.fileBytes, recordBytes: file.size, unit: 'MiB' };
      for (const [key, { rounds: values, failed }] of outcomes) {
        const where =
          key === 'bare'
            ? { ...place, who: 'node', what: `node -e 0, beside ${what}` }
            : { ...place, ...note };
        add(failed ? { ...where, failed } : { ...where, unit: 'MiB', rounds: values });
      }
    } finally {
      data.remove(file.path);
    }
  }
}

function makeFile(what, { smoke, full, data }) {
  const bytes = full ? 10 * 2 ** 30 : smoke ? 2 ** 23 : 2 ** 28;
  if (what === 'small records') return data.records('small', recordsIn(bytes, 100), 100);
  if (full) return data.hugeRecords('huge', 5, LARGEST_RECORD);
  return data.hugeRecords('huge', 1, bytes);
}

function peak(file, args) {
  const { status, output, stderr } = spawnSync(process.execPath, ['--import', PRELOAD, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const records = file && status === 0 ? JSON.parse(output[1]).totals.records : undefined;
  if (status !== 0 || records !== file?.count) throw new Error(`validate: exit ${status}, ${stderr.trim()}`);
  return Number(output[3]) / 1024;
}
