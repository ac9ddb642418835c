import { hostModule } from '../bytes/host.ts';
import { UsageError } from '../errors.ts';

/**
 * The optional package with kernels in C; see native/addon/README.md. Users install it, or build it
 * in a checkout, so recordpipe does not depend on it.
 */
const PACKAGE = 'recordpipe-native';
/** Version of the functions and registers below. `native/addon/addon.c` has the same number. */
const ABI = 1;

/**
 * Functions of the optional package. Numbers of a scan pass through `registers`: arguments before a
 * call, results after it.
 */
export interface NativeAddon {
  readonly registers: Float64Array;
  /** Names of the kernels that this processor supports, fastest first; empty if there are none. */
  readonly kernels: readonly string[];
  /** Selects a kernel by its index in `kernels`, for tests. */
  select(kernel: number): void;
  /** Returns the CRC-32C of `bytes`. */
  crc32c(bytes: Uint8Array, seed: number): number;
  /**
   * Scans whole TFRecord frames. Returns their number.
   *
   * Arguments: from, to, maxRecordBytes, checks. Results: position, stop, length (low and high
   * word), expected and actual checksum.
   * @param index receives the pairs (start, length) of payloads; the scan stops when it is full
   */
  scan(bytes: Uint8Array, index: Uint32Array | undefined): number;
  /**
   * Returns the position of the first valid TFRecord header, or -1. Arguments: from, to,
   * maxRecordBytes.
   */
  find(bytes: Uint8Array): number;
}

/** The addon, or the reason why it cannot be used and what to do. */
type LoadedAddon = { readonly addon: NativeAddon } | { readonly problem: string };

const BUILD = 'build it with `npm run build:addon`';
const NOT_INSTALLED: LoadedAddon = { problem: `the package ${PACKAGE} is not installed; ${BUILD}` };

let loaded: LoadedAddon | undefined;

/**
 * Returns the functions of the optional package, or undefined if it cannot be used. The first call
 * loads it.
 * @param requested whether the user requests it. If not, it is loaded only if its folder is found,
 *   because Node takes a millisecond to report a missing package.
 * @throws UsageError if it is requested and cannot be used
 */
export function nativeAddon(requested: boolean): NativeAddon | undefined {
  loaded ??= load(requested);
  if ('addon' in loaded) return loaded.addon;
  if (!requested) return undefined;
  const next = 'unset RECORDPIPE_KERNEL to use WebAssembly';
  throw new UsageError(`RECORDPIPE_KERNEL=native: ${loaded.problem}; ${next}`);
}

function load(requested: boolean): LoadedAddon {
  const module = hostModule('node:module');
  if (module === undefined) return { problem: 'this host has no Node-API modules' };
  try {
    // Bundles in CommonJS have no URL, so both of these throw.
    if (!requested && !hasFolder(import.meta.url)) return NOT_INSTALLED;
    const load = module.createRequire(import.meta.url);
    const found = load(PACKAGE) as NativeAddon & { readonly abi?: number };
    if (found.abi !== ABI)
      return { problem: `${PACKAGE} belongs to another version of recordpipe; ${BUILD} again` };
    if (found.kernels.length > 0) return { addon: found };
    return { problem: 'this processor has neither SSE4.2 with PCLMULQDQ nor CRC32 with PMULL' };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const [line] = message.split('\n');
    if (code === 'MODULE_NOT_FOUND' && line.includes(`'${PACKAGE}'`)) return NOT_INSTALLED;
    return { problem: `${PACKAGE} cannot be loaded (${line}); ${BUILD} again` };
  }
}

/** Reports whether Node's search for packages, from `url` upwards, finds a folder of the package. */
function hasFolder(url: string): boolean {
  const fs = hostModule('node:fs');
  for (let folder = new URL('.', url); ; ) {
    if (fs?.existsSync(new URL(`node_modules/${PACKAGE}`, folder))) return true;
    const parent = new URL('..', folder);
    if (parent.href === folder.href) return false;
    folder = parent;
  }
}
