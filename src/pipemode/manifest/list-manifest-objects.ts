import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { RecordpipeError } from '../../errors.ts';
import {
  INPUT_OPTION_NAMES,
  type InputOptions,
  NameFilter,
  Skipped,
} from '../../records/inputs/input-options.ts';
import { isSidecar } from '../../records/inputs/record-names.ts';
import { ShardSets } from '../../records/inputs/shard-sets.ts';
import { type ListWarning, listObjects } from '../../storage/list-objects.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { checkUris } from './write-manifest.ts';

/** How to list the objects of a manifest. Every field has a default. */
export interface ManifestListOptions extends InputOptions {
  /** How to access objects. */
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called with warnings about the listing. */
  readonly onWarning: ((warning: ListWarning) => void) | undefined;
}

const OPTION_NAMES: OptionNames<ManifestListOptions> = {
  ...INPUT_OPTION_NAMES,
  objects: true,
  signal: true,
  onWarning: true,
};

/**
 * Lists the objects for a manifest, in the order of the listings, each once. Files without records are
 * skipped, because a training program would read them as data: hidden files, markers such as
 * `_SUCCESS`, indexes (`*.rpidx`, `*.idx`) and manifests, unless an address names exactly that file.
 *
 * @param addresses `s3://bucket/key`, `s3://bucket/prefix/` or patterns, as for `listObjects`
 * @throws RecordpipeError as `listObjects`; `not-found` if everything is skipped; `incomplete-shards`
 * with `strictShards`
 * @example
 * ```ts
 * import { listManifestObjects, writeManifest } from 'recordpipe/pipemode/manifest';
 * async function publish(): Promise<void> {
 *   await writeManifest('train.manifest', await listManifestObjects(['s3://bucket/train/']));
 * }
 * console.log(publish.name); // publish
 * ```
 */
export async function listManifestObjects(
  addresses: readonly string[],
  options: Partial<ManifestListOptions> = {},
): Promise<string[]> {
  checkUris('addresses', addresses);
  checkOptionNames('listManifestObjects', options, OPTION_NAMES);
  const { objects, signal, onWarning, onNotice, strictShards } = options;
  const filter = new NameFilter(options);
  const skipped = new Skipped();
  const sets = new ShardSets();
  const uris = new Set<string>();
  for (const address of addresses) {
    const folder = address.replace(/[*?[{\\].*$/s, '').replace(/[^/]*$/, '');
    for await (const { uri } of listObjects(address, { ...objects, signal, onWarning })) {
      const below = uri.slice(folder.length);
      const alone = uri === address;
      const why = alone ? undefined : reasonToSkip(below, filter);
      if (why !== undefined) skipped.add(address, why, below);
      else {
        uris.add(uri);
        sets.add({ path: uri, alone });
      }
    }
  }
  const shards = sets.notices();
  const notices = [...skipped.notices(), ...shards];
  for (const notice of notices) onNotice?.(notice);
  if (strictShards && shards.length > 0) throw new RecordpipeError('incomplete-shards', shards[0].message);
  if (uris.size > 0) return [...uris];
  throw new RecordpipeError('not-found', notices.map(({ message }) => message).join('; '), {
    uri: addresses[0],
  });
}

function reasonToSkip(
  below: string,
  filter: NameFilter,
): 'excluded' | 'not-included' | 'hidden' | 'marker' | 'index' | undefined {
  if (filter.excludes(below)) return 'excluded';
  if (filter.including) return filter.includes(below) ? undefined : 'not-included';
  if (!isSidecar(below)) return undefined;
  if (below.split('/').some((name) => name.startsWith('.'))) return 'hidden';
  return /\.(rpidx|idx|manifest)$/i.test(below) ? 'index' : 'marker';
}
