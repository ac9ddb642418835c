import { RecordpipeError } from '../errors.ts';

interface HostModules {
  'node:events': typeof import('node:events');
  'node:fs': typeof import('node:fs');
  'node:net': typeof import('node:net');
  'node:zlib': typeof import('node:zlib');
}

interface HostProcess {
  getBuiltinModule?<K extends keyof HostModules>(name: K): HostModules[K] | undefined;
}

/**
 * Returns a module of the host (Node, Deno, Bun), or `undefined` in a browser. The codec requests
 * it at the moment of use, so that importing the package imports no module of the host and bundles
 * for browsers stay clean.
 */
export function hostModule<K extends keyof HostModules>(name: K): HostModules[K] | undefined {
  const host = (globalThis as { process?: HostProcess }).process;
  return typeof host?.getBuiltinModule === 'function' ? host.getBuiltinModule(name) : undefined;
}

/** Like {@link hostModule}, but for work that is impossible without the module. */
export function requireHostModule<K extends keyof HostModules>(name: K, purpose: string): HostModules[K] {
  const found = hostModule(name);
  if (found === undefined) {
    throw new RecordpipeError('unsupported-source', `${purpose} needs Node (${name}); this host has none`);
  }
  return found;
}
