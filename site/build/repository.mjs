import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root folder of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const { repository, version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));

/** The address of the repository, from package.json. */
export const REPOSITORY = (repository?.url ?? 'https://github.com/OWNER/recordpipe')
  .replace(/^git\+/, '')
  .replace(/\.git$/, '');

export const VERSION = version;
