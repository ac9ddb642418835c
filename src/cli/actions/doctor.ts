import { diagnoseStore, type StoreCheck } from 'recordpipe/storage';
import { IO_FAILURE, OK } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { type ObjectCommandOptions, objectOptionsOf } from '../object-options.ts';
import { print, say } from '../output.ts';
import { type ColorChoice, type Painter, painter } from '../text/style.ts';
import { visible } from '../text/visible.ts';

export interface DoctorOptions extends ObjectCommandOptions {
  readonly json?: true;
  readonly probe?: number;
  readonly color: ColorChoice;
}

/** Looks whether a store can be read; the exit code. */
export async function doctor(address: string, options: DoctorOptions): Promise<number> {
  const { json, probe, color } = options;
  const paint = painter(color, 1);
  const diagnosis = await diagnoseStore(address, {
    ...objectOptionsOf(options),
    ...(probe !== undefined && { probeBytes: probe }),
    onCheck: (check) => {
      if (!json) say(lineOf(check, paint)).catch(() => {}); // rethrown by the print below
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
