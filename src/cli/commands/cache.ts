import { command, type Register } from '../command.ts';
import { OK } from '../exit-codes.ts';
import { parsed, size, type Values, value } from '../options/option.ts';
import { reportOptions } from '../options/reports.ts';
import { complain, print, say } from '../output.ts';
import { formatBytes, formatNumberOf, visible } from '../text/format.ts';

const LS_OPTIONS = {
  json: reportOptions.json,
};

const RM_OPTIONS = {
  prefix: value('--prefix <prefix>', 'remove only objects whose addresses start with this text'),
  toSize: parsed(
    '--to-size <size>',
    'remove the least recently used chunks until the cache is at most this large',
    size,
  ),
  json: reportOptions.json,
  quiet: reportOptions.quiet,
};

const DIR = { '<dir>': 'the directory passed to --cache-dir' };

const registerLs = command({
  name: 'ls',
  description: 'List the objects in a disk cache.',
  arguments: DIR,
  options: LS_OPTIONS,
  examples: `
recordpipe cache ls /var/cache/recordpipe
recordpipe cache ls /var/cache/recordpipe --json`,
  action: list,
});

const registerRm = command({
  name: 'rm',
  description: 'Remove objects from a disk cache (by default, all objects).',
  arguments: DIR,
  options: RM_OPTIONS,
  examples: `
recordpipe cache rm /var/cache/recordpipe
recordpipe cache rm /var/cache/recordpipe --prefix s3://bucket/train/
recordpipe cache rm /var/cache/recordpipe --to-size 5GiB`,
  notes: `Other processes may use the cache while rm runs. If a process needs a removed chunk, the process fetches the chunk again.`,
  action: remove,
});

export const register: Register = (root) => {
  const cache = root.command('cache').description('List or remove objects in a disk cache (--cache-dir).');
  registerLs(cache);
  registerRm(cache);
};

async function list(dir: string, { json }: Values<typeof LS_OPTIONS>): Promise<number> {
  const { listCache } = await import('recordpipe/storage');
  const listing = await listCache(dir);
  if (json) {
    await print(`${JSON.stringify(listing, undefined, 2)}\n`);
    return OK;
  }
  for (const { uri, size: bytes, cachedBytes, chunks, lastUsed } of listing.objects)
    await say(
      `${visible(uri)}  ${formatBytes(bytes)}, ${formatBytes(cachedBytes)} cached in ${formatNumberOf(chunks, 'chunk')}, last used ${lastUsed.toISOString().slice(0, 19)}Z\n`,
    );
  await say(`${formatNumberOf(listing.objects.length, 'object')}, ${formatBytes(listing.bytes)}\n`);
  return OK;
}

async function remove(dir: string, options: Values<typeof RM_OPTIONS>): Promise<number> {
  const { prefix, toSize, json, quiet } = options;
  const { removeFromCache } = await import('recordpipe/storage');
  const removed = await removeFromCache(dir, { prefix, maxBytes: toSize });
  if (json) await print(`${JSON.stringify(removed)}\n`);
  else if (!quiet)
    complain(`removed ${formatNumberOf(removed.files, 'chunk')}, ${formatBytes(removed.bytes)}`);
  return OK;
}
