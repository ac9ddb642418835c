/** Indexes of records (recordpipe, DALI, MXNet) and manifests. */
const SIDECAR = /\.(?:rpidx|idx|manifest)$/i;
/** What Spark, Hadoop and their committers leave beside their output. */
const MARKER = /^_(?:SUCCESS|temporary|metadata|common_metadata|committed_.*|started_.*)$/;

/**
 * Whether a file belongs to data and is none: an index, a manifest, a marker, or hidden, itself or by a folder.
 * @param path below the folder or prefix that is streamed
 */
export function isSidecar(path: string): boolean {
  return SIDECAR.test(path) || path.split('/').some((name) => name.startsWith('.') || MARKER.test(name));
}
