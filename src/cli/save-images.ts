import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecordpipeError, RecordpipeError } from 'recordpipe';
import { decodeExample, decodeSequenceExample, type Feature } from 'recordpipe/example';
import { writeWhole } from 'recordpipe/files';
import { imageHeader, recordMessage } from 'recordpipe/stats';

/**
 * Writes the images of a record into a folder, as `RECORD-FEATURE.jpeg`, with `-N` after the feature where it has more than one; returns
 * how many. A name that is too long for a file, or that two features of the record would share, gets a hash of the feature's name.
 * @throws RecordpipeError `already-exists`, `io-failure`
 */
export async function saveImages(
  payload: Uint8Array,
  record: number,
  names: readonly string[] | undefined,
  folder: string,
): Promise<number> {
  const { message } = recordMessage(payload);
  if (message === undefined) return 0;
  const features: (readonly [string, readonly Feature[]])[] = [];
  if (message === 'Example') for (const [name, one] of decodeExample(payload)) features.push([name, [one]]);
  else {
    const { context, featureLists } = decodeSequenceExample(payload);
    for (const [name, one] of context) features.push([name, [one]]);
    features.push(...featureLists);
  }
  let saved = 0;
  const taken = countStems(features.map(([name]) => name));
  for (const [name, steps] of features) {
    if (names !== undefined && !names.includes(name)) continue;
    const stem = stemOf(name, taken);
    const values = steps.flatMap((step) => (step.kind === 'bytes' ? step.value : []));
    for (const [i, value] of values.entries()) {
      const kind = imageHeader(value)?.kind;
      if (kind === undefined) continue;
      const place = values.length > 1 ? `-${i}` : '';
      await save(folder, `${record}-${stem}${place}.${kind}`, value);
      saved++;
    }
  }
  return saved;
}

/** Of the 255 bytes that a file's name may have, record, place, hash and extension take up to 60. */
const MAX_STEM_BYTES = 180;

/** What stands for a feature in a file's name. @param taken how many features of the record have each plain stem */
function stemOf(feature: string, taken: ReadonlyMap<string, number>): string {
  const stem = plainStem(feature);
  if (Buffer.byteLength(stem) <= MAX_STEM_BYTES && taken.get(stem.toLowerCase()) === 1) return stem;
  return `${shortened(stem)}-${createHash('sha256').update(feature).digest('hex').slice(0, 8)}`;
}

function plainStem(feature: string): string {
  return feature.replace(/[^\p{L}\p{N}_.-]+/gu, '_');
}

/** In lower case: some file systems do not tell cases apart. */
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

async function save(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true });
    await writeWhole(path, [bytes]);
  } catch (error) {
    if (isRecordpipeError(error, 'already-exists'))
      throw new RecordpipeError(
        'already-exists',
        'there is such a file; choose another folder',
        { uri: path },
        error,
      );
    if (isRecordpipeError(error)) throw error;
    const { message } = error as Error;
    throw new RecordpipeError('io-failure', `the image cannot be written: ${message}`, { uri: path }, error);
  }
}
