import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, test } from 'vitest';
import { ended } from '../../support/cli.ts';
import { faultyS3 } from '../../support/faulty-s3/index.ts';
import { samplePlace } from '../sample-place.ts';
import { PROGRAMS } from './programs.mjs';

const places: { remove(): void }[] = [];
afterAll(() => {
  for (const place of places) place.remove();
});

test.each(PROGRAMS)('$name', async ({ name, file, prepare, check }) => {
  const place = samplePlace();
  places.push(place);
  const extension = file.slice(file.lastIndexOf('.'));
  place.write(file, readFileSync(new URL(`solutions/${name}${extension}`, import.meta.url)));
  const run = async (
    env: NodeJS.ProcessEnv = {},
    onStart?: (child: ChildProcess) => unknown,
    command: string[] = [extension === '.sh' ? 'bash' : process.execPath, file],
  ) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: place.folder,
      env: { ...place.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [ran] = await Promise.all([ended(child), onStart?.(child)]);
    return { ...ran, status: ran.code };
  };
  await check(
    { folder: place.folder, run },
    await prepare(place.folder, () => faultyS3({ buckets: ['bucket'] })),
  );
});
