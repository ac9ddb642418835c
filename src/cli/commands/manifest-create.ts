import { UsageError } from 'recordpipe/errors';
import { formatManifest, listManifestObjects, writeManifest } from 'recordpipe/manifest';
import { OK } from '../exit-codes.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type ObjectCommandOptions, objectOptionsOf } from '../object-options.ts';
import { complain, print } from '../output.ts';
import { isS3 } from '../reaching.ts';
import { formatNumberOf } from '../sizes.ts';
import { visible } from '../visible.ts';

/** Options of `recordpipe manifest create`. */
export interface ManifestCreateOptions extends ObjectCommandOptions, InputCommandOptions {
  readonly output?: string;
  readonly prefix?: string;
  readonly force?: true;
  readonly quiet?: true;
}

/** Lists objects and writes the ManifestFile that names them; the exit code. */
export async function manifestCreate(
  inputs: readonly string[],
  options: ManifestCreateOptions,
): Promise<number> {
  const { output, prefix, quiet, force = false } = options;
  const local = inputs.find((input) => !isS3(input));
  if (local !== undefined)
    throw new UsageError(
      `expected s3:// addresses, got ${local}; a manifest lists objects: upload the files first (recordpipe upload --manifest writes one)`,
    );
  const objects = objectOptionsOf(options);
  if (output !== undefined && !isS3(output)) {
    const { checkReplaceable } = await import('../report-file.ts');
    await checkReplaceable(output, undefined, force);
  }
  const signal = interruption();
  const named = await listManifestObjects(inputs, {
    objects,
    signal,
    ...inputOptionsOf(options, quiet),
    onWarning: (warning) => {
      if (warning.type === 'siblings')
        complain(
          `recordpipe: warning: ${visible(warning.uri)} also matches ${visible(warning.sibling)}; add a slash to match the folder only`,
        );
    },
  });
  if (output === undefined) await print(formatManifest(named, prefix));
  else await writeManifest(output, named, { prefix, overwrite: force, objects, signal });
  if (!quiet && output !== undefined)
    complain(`${visible(output)}: ${formatNumberOf(named.length, 'object')}`);
  return OK;
}
