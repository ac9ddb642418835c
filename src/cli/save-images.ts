import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type FieldValue, imageHeader, type RecordContent } from 'recordpipe/check';
import { isRecordpipeError, RecordpipeError } from 'recordpipe/errors';
import { makeFolder, writeWhole } from 'recordpipe/records/write';

/**
 * Writes the images of a record to a directory as `RECORD-FEATURE.jpeg`, with `-N` after the
 * feature if it has several images. If a name is too long or ambiguous within the record, a hash of
 * the feature name is added.
 * @param force whether to overwrite files
 * @returns the number of images
 * @throws RecordpipeError `already-exists`, `io-failure`
 */
export async function saveImages(
  { features, featureLists }: RecordContent,
  record: number,
  isShown: (name: string) => boolean,
  folder: string,
  force: boolean,
): Promise<number> {
  const fields = [
    ...[...features].map(([name, one]): [string, readonly FieldValue[]] => [name, [one]]),
    ...featureLists,
  ];
  let saved = 0;
  const taken = countStems(fields.map(([name]) => name));
  for (const [name, steps] of fields) {
    if (!isShown(name)) continue;
    const stem = stemOf(name, taken);
    const values = steps.flatMap((step) => (step.kind === 'bytes' ? step.value : []));
    for (const [i, value] of values.entries()) {
      const kind = imageHeader(value)?.kind;
      if (kind === undefined) continue;
      const place = values.length > 1 ? `-${i}` : '';
      await save(folder, `${record}-${stem}${place}.${kind}`, value, force);
      saved++;
    }
  }
  return saved;
}

/**
 * Maximum number of bytes that a feature may use in a file name. File names have up to 255 bytes;
 * the record, position, hash and extension use up to 60.
 */
const MAX_STEM_BYTES = 180;

/**
 * Returns the part of a file name that identifies a feature.
 * @param taken number of features in the record, keyed by plain stem
 */
function stemOf(feature: string, taken: ReadonlyMap<string, number>): string {
  const stem = plainStem(feature);
  if (Buffer.byteLength(stem) <= MAX_STEM_BYTES && taken.get(stem.toLowerCase()) === 1) return stem;
  return `${shortened(stem)}-${createHash('sha256').update(feature).digest('hex').slice(0, 8)}`;
}

function plainStem(feature: string): string {
  return feature.replace(/[^\p{L}\p{N}_.-]+/gu, '_');
}

/** Counts stems in lower case because some file systems ignore case. */
function countStems(features: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const feature of features) {
    const stem = plainStem(feature).toLowerCase();
    counts.set(stem, (counts.get(stem) ?? 0) + 1);
  }
  return counts;
}

function shortened(text: string): string {
  let short = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_STEM_BYTES) break;
    short += character;
  }
  return short;
}

async function save(folder: string, name: string, bytes: Uint8Array, force: boolean): Promise<void> {
  const path = join(folder, name);
  try {
    makeFolder(folder);
    await writeWhole(path, [bytes], { overwrite: force });
  } catch (error) {
    if (isRecordpipeError(error)) throw error;
    const { message } = error as Error;
    throw new RecordpipeError('io-failure', `cannot write the image: ${message}`, { uri: path }, error);
  }
}
