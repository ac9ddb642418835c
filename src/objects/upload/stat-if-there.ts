import { isRecordpipeError } from '../../errors.ts';
import type { ObjectOptions } from '../object-options.ts';
import type { ObjectStat } from '../object-source.ts';

/** What the service knows of an object; undefined where there is none. @throws RecordpipeError as `ObjectSource.stat`, but for `object-missing` */
export async function statIfThere(
  uri: string,
  options: ObjectOptions,
  signal: AbortSignal | undefined,
): Promise<ObjectStat | undefined> {
  const { s3SourceOf } = await import('../s3/s3-source.ts');
  try {
    return await (await s3SourceOf(options)).stat({ uri }, signal);
  } catch (error) {
    if (isRecordpipeError(error, 'object-missing')) return undefined;
    throw error;
  }
}
