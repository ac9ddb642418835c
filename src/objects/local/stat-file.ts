import { stat } from 'node:fs/promises';
import { fileError } from '../../bytes/file-errors.ts';
import type { ObjectRef, ObjectStat } from '../object-source.ts';
import { infoOf, pathOf } from './file-state.ts';

/** See ObjectSource.stat. */
export async function statFile({ uri }: ObjectRef): Promise<ObjectStat> {
  try {
    return { ...infoOf(uri, await stat(pathOf(uri), { bigint: true })), checksums: [], metadata: {} };
  } catch (error) {
    throw fileError(error, uri);
  }
}
