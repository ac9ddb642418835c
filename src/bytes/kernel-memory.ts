const PAGE_BYTES = 65536;

/** What every WebAssembly module of this package exports beside its functions. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory;
  /** First address that belongs to the host. */
  readonly heapBase: WebAssembly.Global;
  /** Where a scan stores its results. */
  readonly scanState: WebAssembly.Global;
}

/** The memory of one instance of a module, and which part of it is given away. */
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
   * Takes `bytes` bytes of kernel memory for good; the address, aligned to a page of the processor's (files are read into such memory 3 % faster).
   * Views of the memory become invalid.
   */
  allocate(bytes: number): number {
    const at = Math.ceil(this.#free / 4096) * 4096;
    this.#grow(at + bytes);
    this.#free = at + bytes;
    return at;
  }

  /**
   * `count` buffers of kernel memory of `bytes` bytes each, with a gap between them: a chunk that
   * directly follows another (ByteWindow) lies in the same buffer.
   */
  buffers(bytes: number, count: number): Uint8Array[] {
    const addresses = Array.from({ length: count }, () => this.allocate(bytes + 1));
    return addresses.map((at) => new Uint8Array(this.memory.buffer, at, bytes));
  }

  /** All of kernel memory. */
  heap(): Uint8Array {
    return this.#heap;
  }

  /** The results of the last scan: eight words. */
  state(): Uint32Array {
    return this.#state;
  }

  /**
   * The only place where memory grows. Some slack after the end lets the kernel read whole vectors.
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
 * Whether to use WebAssembly kernels: not if `RECORDPIPE_KERNEL=table` is set or the host has no
 * WebAssembly. Whether the host has SIMD and allows it (Content-Security-Policy) is known when a module
 * is compiled.
 */
export function wantsKernel(): boolean {
  const host = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return host?.env?.['RECORDPIPE_KERNEL'] !== 'table' && typeof WebAssembly !== 'undefined';
}

/** @throws WebAssembly.CompileError (or EvalError under a Content-Security-Policy) where WebAssembly SIMD is not to be had */
export function compileModule(hex: string): WebAssembly.Module {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digit(hex, 2 * i) << 4) | digit(hex, 2 * i + 1);
  return new WebAssembly.Module(bytes);
}

/** Value of a digit 0-9 or a-f. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 15) + (code >> 6) * 9;
}
