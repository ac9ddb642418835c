import type { StoreCheck } from 'recordpipe/storage';
import { command, type Register } from '../command.ts';
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
    'maximum bytes to read when measuring throughput; 0 skips the measurement (default: 256 MiB)',
    size,
  ),
  ...objectReadOptions,
};

export const register: Register = command({
  name: 'doctor',
  description:
    'Diagnose access to an S3 location: credentials, connection, clock, region, permissions, throughput.',
  arguments: { '<address>': 's3://bucket, s3://bucket/prefix, s3://bucket/key, or a local path' },
  options: OPTIONS,
  examples: `
recordpipe doctor s3://bucket/train/
recordpipe doctor s3://bucket --profile research --json
recordpipe doctor s3://open-data/ --no-sign-request
recordpipe doctor s3://bucket/a.tfrecord --endpoint-url http://localhost:9000 --probe 1GiB`,
  notes: `doctor writes nothing and prints no secrets.`,
  action: doctor,
});

async function doctor(address: string, options: Values<typeof OPTIONS>): Promise<number> {
  const { json, probe } = options;
  const { diagnoseStore } = await import('recordpipe/storage');
  const paint = painter(1);
  const diagnosis = await diagnoseStore(address, {
    ...objectsOf(options),
    ...(probe !== undefined && { probeBytes: probe }),
    onCheck: (check) => {
      if (!json) say(lineOf(check, paint)).catch(() => {}); // The print below throws the same error.
    },
    signal: interruption(),
  });
  await print(json ? `${JSON.stringify(diagnosis, undefined, 2)}\n` : '');
  return diagnosis.ok ? OK : IO_FAILURE;
}

const STYLES = { ok: 'green', failed: 'red', skipped: 'dim' } as const;

function lineOf({ name, status, text, next }: StoreCheck, paint: Painter): string {
  const head = `${paint(STYLES[status], status.padEnd(8))} ${name.padEnd(12)} ${visible(text)}\n`;
  return next === undefined ? head : `${head}${' '.repeat(22)}next: ${visible(next)}\n`;
}
