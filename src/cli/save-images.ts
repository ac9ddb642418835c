import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordpipeError } from 'recordpipe';
import { decodeExample, decodeSequenceExample, type Feature } from 'recordpipe/example';
import { imageHeader, recordMessage } from 'recordpipe/stats';

/**
 * Writes the images of a record into a folder, as `RECORD-FEATURE.jpeg`, with `-N` behind the feature where there are more than one; how many.
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
    for (const list of featureLists) features.push(list);
  }
  let saved = 0;
  for (const [name, steps] of features) {
    if (names !== undefined && !names.includes(name)) continue;
    const values = steps.flatMap((step) => (step.kind === 'bytes' ? step.value : []));
    for (const [i, value] of values.entries()) {
      const kind = imageHeader(value)?.kind;
      if (kind === undefined) continue;
      const place = values.length > 1 ? `-${i}` : '';
      await save(folder, `${record}-${name.replace(/[^\p{L}\p{N}_.-]+/gu, '_')}${place}.${kind}`, value);
      saved++;
    }
  }
  return saved;
}

async function save(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, bytes, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new RecordpipeError(
        'already-exists',
        'there is such a file; choose another folder',
        { uri: path },
        error,
      );
    throw new RecordpipeError('io-failure', `the image cannot be written: ${message}`, { uri: path }, error);
  }
}
