/**
 * What needs a host with files and zlib. Bundles for browsers have `no-host-io.ts` in its place (package.json, `browser`).
 */

export { inflateBytes } from './inflate/inflate-bytes.ts';
export { inflateInHost } from './inflate/inflate-host.ts';
