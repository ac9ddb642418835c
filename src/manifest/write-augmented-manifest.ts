import { UsageError } from '../errors.ts';
import { isRefName } from './manifest-line.ts';
import { s3UriOf } from './s3-uri.ts';
import { openTextTarget, type TextTargetOptions } from './text-target.ts';

/** A line of an augmented manifest: attributes by name, any JSON; the values of `-ref` attributes are addresses of objects. */
export type ManifestRow = Readonly<Record<string, unknown>>;

/**
 * Writes an AugmentedManifestFile: one JSON object per line (JSON Lines), attributes in the order in which each row has them. The file appears when it is whole.
 *
 * Source of the format: SageMaker's developer guide, "Augmented manifest files".
 *
 * @param target a path or an `s3://` address
 * @returns how many lines were written
 * @throws UsageError for a `-ref` that is no `s3://` address; UsageError for what JSON cannot hold
 * @throws RecordpipeError as `writeManifest`
 * @example
 * ```ts
 * import { writeAugmentedManifest } from 'recordpipe/manifest';
 * const rows = [{ 'image-ref': 's3://bucket/cat.jpg', class: 0 }, { 'image-ref': 's3://bucket/dog.jpg', class: 1 }];
 * console.log(await writeAugmentedManifest('pets.manifest', rows)); // 2
 * ```
 */
export async function writeAugmentedManifest(
  target: string,
  rows: Iterable<ManifestRow> | AsyncIterable<ManifestRow>,
  options: Partial<TextTargetOptions> = {},
): Promise<number> {
  const text = await openTextTarget(target, 'application/jsonlines', options);
  let lines = 0;
  try {
    for await (const row of rows) {
      await text.write(lineOf(row, lines++));
    }
    await text.close();
  } catch (error) {
    await text.abort();
    throw error;
  }
  return lines;
}

function lineOf(row: ManifestRow, index: number): string {
  for (const [name, value] of Object.entries(row)) {
    if (isRefName(name) && (typeof value !== 'string' || s3UriOf(value) === undefined))
      throw new UsageError(
        `rows: expected s3://bucket/key as ${JSON.stringify(name)} of row ${index}, got ${JSON.stringify(value)}`,
      );
  }
  return `${JSON.stringify(row)}\n`;
}
