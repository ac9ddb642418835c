import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordpipeError } from 'recordpipe';
import { type FieldValue, imageHeader, type RecordContent } from 'recordpipe/stats';

/**
 * Writes the images of a record into a folder, as `RECORD-FEATURE.jpeg`, with `-N` after the feature if it has several.
 * Returns the number of images. @param force overwrites files
 * @throws RecordpipeError `already-exists`, `io-failure`
 */
export async function saveImages(
  { features, featureLists }: RecordContent,
  record: number,
  isWanted: (name: string) => boolean,
  folder: string,
  force: boolean,
): Promise<number> {
  const fields = [
    ...[...features].map(([name, one]): [string, readonly FieldValue[]] => [name, [one]]),
    ...featureLists,
  ];
  let saved = 0;
  for (const [name, steps] of fields) {
    if (!isWanted(name)) continue;
    const values = steps.flatMap((step) => (step.kind === 'bytes' ? step.value : []));
    for (const [i, value] of values.entries()) {
      const kind = imageHeader(value)?.kind;
      if (kind === undefined) continue;
      const place = values.length > 1 ? `-${i}` : '';
      await save(
        folder,
        `${record}-${name.replace(/[^\p{L}\p{N}_.-]+/gu, '_')}${place}.${kind}`,
        value,
        force,
      );
      saved++;
    }
  }
  return saved;
}

async function save(folder: string, name: string, bytes: Uint8Array, force: boolean): Promise<void> {
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, bytes, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new RecordpipeError('already-exists', 'the file already exists', { uri: path }, error);
    throw new RecordpipeError('io-failure', `the image cannot be written: ${message}`, { uri: path }, error);
  }
}
