import { statfsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SpaceClaim } from '../../../src/pipemode/train/disk-space.ts';
import { tempDir } from '../../support/temp-dir.ts';

const { path } = tempDir();

test('concurrent downloads must fit on the disk together', () => {
  const { bavail, bsize } = statfsSync(path);
  const most = Math.floor(bavail * bsize * 0.6);
  const first = new SpaceClaim(path, most);
  expect(() => new SpaceClaim(path, most)).toThrow(/free after the other downloads; free disk space/);
  // Written bytes are no longer free and no longer claimed.
  first.written(most - 1000);
  new SpaceClaim(path, most).release();
  first.release();
  first.release();
  new SpaceClaim(path, most).release();
});
