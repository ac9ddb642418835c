import { UsageError } from 'recordpipe/errors';
import { planShards, writePlan } from 'recordpipe/scale';
import { cliMessage } from '../advice.ts';
import { OK } from '../exit-codes.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import type { ObjectCommandOptions } from '../object-options.ts';
import type { CommonOptions } from '../options.ts';
import { complain, print } from '../output.ts';
import { reachingOf } from '../reaching.ts';
import { refuseReportOn } from '../report-file.ts';
import { formatBytes, formatNumberOf } from '../text/sizes.ts';
import { visible } from '../text/visible.ts';

/** Options of `recordpipe plan`. */
export interface PlanCommandOptions
  extends Pick<CommonOptions, 'format'>,
    ObjectCommandOptions,
    InputCommandOptions {
  readonly output: string;
  readonly shards?: number;
  readonly cut?: number;
  readonly force?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** Lists input files. Returns the exit code. */
export async function plan(inputs: string[], options: PlanCommandOptions): Promise<number> {
  const { output, shards, cut, force = false, json, quiet, format } = options;
  if (json && output === '-')
    throw new UsageError('--json: standard output receives the plan; pass a file for it instead of -');
  const reaching = reachingOf(options);
  const made = await planShards(inputs, {
    ...reaching,
    format,
    ...inputOptionsOf(options, quiet),
    shards,
    cutBytes: cut,
    onUncut: (uri, why) => {
      if (!quiet) complain(`recordpipe: ${visible(uri)} stays whole: ${visible(cliMessage(why))}`);
    },
  });
  const lists = inputs.filter((input) => /^@./.test(input)).map((input) => input.slice(1));
  await refuseReportOn([...lists, ...made.files.map(({ uri }) => uri)], output, '--output');
  await writePlan(made, output, { ...reaching, overwrite: force });
  const { files, bytes, hash } = made;
  if (json) await print(`${JSON.stringify({ output, hash, files: files.length, bytes, shards })}\n`);
  else if (!quiet)
    complain(
      `wrote ${visible(output)}: ${formatNumberOf(files.length, 'file')}, ${formatBytes(bytes)}, hash ${hash.slice(0, 12)}`,
    );
  return OK;
}
