const PAGE_BYTES = 65536;

/** Exports of every WebAssembly module of this package, in addition to its functions. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  /** First address that belongs to the host. */
  readonly heapBase: WebAssembly.Global;
  /** Address at which a scan stores its results. */
  readonly scanState: WebAssembly.Global;
}

/** The memory of one instance of a module. Tracks which part of it is allocated. */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly #stateAt: number;
  #free: number;
  #heap: Uint8Array;
  #state: Uint32Array;

  constructor({ memory, heapBase, scanState }: KernelExports) {
    this.memory = memory;
    this.#free = heapBase.value;
    this.#stateAt = scanState.value;
    this.#heap = new Uint8Array(memory.buffer);
    this.#state = new Uint32Array(memory.buffer, this.#stateAt, 8);
  }

  /**
   * Allocates `bytes` bytes of kernel memory permanently. Returns the address, which is
   * page-aligned (reading files into aligned memory is 3% faster). Invalidates all views of the
   * memory.
   */
  allocate(bytes: number): number {
    const at = Math.ceil(this.#free / 4096) * 4096;
    this.#grow(at + bytes);
    this.#free = at + bytes;
    return at;
  }

  /**
   * Allocates `count` buffers of `bytes` bytes each in kernel memory, with a gap between them, so
   * that a chunk can directly follow another one (see ByteWindow) only within a buffer.
   */
  buffers(bytes: number, count: number): Uint8Array[] {
    const addresses = Array.from({ length: count }, () => this.allocate(bytes + 1));
    return addresses.map((at) => new Uint8Array(this.memory.buffer, at, bytes));
  }

  /** Returns a view of all kernel memory. */
  heap(): Uint8Array {
    return this.#heap;
  }

  /** Returns the results of the last scan, which are eight words. */
  state(): Uint32Array {
    return this.#state;
  }

  /**
   * Grows the memory. No other code does so. Some slack after the end lets the kernel read whole
   * vectors.
   */
  #grow(end: number): void {
    const missing = end + 256 - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#heap = new Uint8Array(this.memory.buffer);
    this.#state = new Uint32Array(this.memory.buffer, this.#stateAt, 8);
  }
}

/**
 * Reports whether to try WebAssembly kernels. False if `RECORDPIPE_KERNEL=table` is set or the host
 * has no WebAssembly. Whether the host supports SIMD and allows it (Content-Security-Policy) is
 * known only when a module is compiled.
 */
export function wantsKernel(): boolean {
  const host = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return host?.env?.['RECORDPIPE_KERNEL'] !== 'table' && typeof WebAssembly !== 'undefined';
}

/**
 * Compiles a module from its hexadecimal text.
 * @throws WebAssembly.CompileError (or EvalError under a Content-Security-Policy) if WebAssembly
 *   SIMD is unavailable
 */
export function compileModule(hex: string): WebAssembly.Module {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digit(hex, 2 * i) << 4) | digit(hex, 2 * i + 1);
  return new WebAssembly.Module(bytes);
}

/** Returns the value of a digit 0-9 or a-f. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 15) + (code >> 6) * 9;
}
