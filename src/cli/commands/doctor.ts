import type { StoreCheck, StoreDiagnosis } from 'recordpipe/storage';
import { command, type Register } from '../command.ts';
import { type AppliedSetting, configuration, misspelledVariables } from '../configuration/configure.ts';
import { IO_FAILURE, OK } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { objectReadOptions, objectsOf } from '../options/objects.ts';
import { parsed, size, type Values } from '../options/option.ts';
import { reportOptions } from '../options/reports.ts';
import { print, say } from '../output.ts';
import { visible } from '../text/format.ts';
import { type Painter, painter } from '../text/terminal.ts';

const OPTIONS = {
  json: reportOptions.json,
  probe: parsed(
    '--probe <size>',
    'maximum amount of data to read when measuring throughput; 0 skips the measurement (default: 256 MiB)',
    size,
  ),
  ...objectReadOptions,
};

export const register: Register = command({
  name: 'doctor',
  description:
    'Show the settings in effect. For an S3 address, also diagnose credentials, connection, clock, region, permissions and throughput.',
  arguments: { '[address]': 's3://bucket, s3://bucket/prefix, s3://bucket/key, or a local path' },
  options: OPTIONS,
  examples: `
recordpipe doctor                             # only the settings
recordpipe doctor s3://bucket/train/
recordpipe doctor s3://bucket --profile research --json
recordpipe doctor s3://open-data/ --no-sign-request
recordpipe doctor s3://bucket/a.tfrecord --endpoint-url http://localhost:9000 --probe 1GiB`,
  notes: `doctor writes nothing and prints no secrets.`,
  action: doctor,
});

/** Output of `recordpipe doctor --json`. Without an address, it contains only the configuration. */
export interface DoctorReport extends Partial<StoreDiagnosis> {
  /** The configuration file, and the settings that apply. */
  readonly configuration: {
    /** Path of recordpipe.config.json, or of the file of --config; null if there is no problem. */
    readonly file: string | null;
    /** Settings that do not have their default values. */
    readonly settings: readonly AppliedSetting[];
  };
}

async function doctor(address: string | undefined, options: Values<typeof OPTIONS>): Promise<number> {
  const { json } = options;
  const paint = painter(1);
  const show = (check: Line): void => {
    if (!json) say(lineOf(check, paint)).catch(() => {}); // The print below throws the same error.
  };
  for (const line of settingLines()) show(line);
  const diagnosis = address === undefined ? undefined : await diagnosed(address, options, show);
  const { file = null, settings } = configuration();
  const document: DoctorReport = {
    ...diagnosis,
    configuration: { file, settings },
  };
  await print(json ? `${JSON.stringify(document, undefined, 2)}\n` : '');
  return diagnosis?.ok === false ? IO_FAILURE : OK;
}

async function diagnosed(
  address: string,
  options: Values<typeof OPTIONS>,
  onCheck: (check: StoreCheck) => void,
): Promise<StoreDiagnosis> {
  const { probe } = options;
  const { diagnoseStore } = await import('recordpipe/storage');
  return diagnoseStore(address, {
    ...objectsOf(options),
    ...(probe !== undefined && { probeBytes: probe }),
    onCheck,
    signal: interruption(),
  });
}

/** A line of the report. */
type Line = Omit<StoreCheck, 'name'> & { readonly name: string };

/** Returns where settings come from. */
function settingLines(): Line[] {
  const { file, settings } = configuration();
  const text = file ?? 'no recordpipe.config.json in this directory or its parents';
  return [
    { name: 'config', status: 'ok', text },
    ...settings.map(({ name, value, source }): Line => {
      return {
        name: 'setting',
        status: 'ok',
        text: `${name}: ${value} (${source === file ? 'config' : source})`,
      };
    }),
    ...misspelledVariables().map(({ variable, meant }): Line => {
      return {
        name: 'variable',
        status: 'skipped',
        text: `${variable} is not a setting`,
        next: `set ${meant}`,
      };
    }),
  ];
}

const STYLES = { ok: 'green', failed: 'red', skipped: 'dim' } as const;

function lineOf({ name, status, text, next }: Line, paint: Painter): string {
  const head = `${paint(STYLES[status], status.padEnd(8))} ${name.padEnd(12)} ${visible(text)}\n`;
  return next === undefined ? head : `${head}${' '.repeat(22)}next: ${visible(next)}\n`;
}
