import { RecordpipeError } from '../errors.ts';

interface HostModules {
  'node:diagnostics_channel': typeof import('node:diagnostics_channel');
  'node:buffer': typeof import('node:buffer');
  'node:events': typeof import('node:events');
  'node:fs': typeof import('node:fs');
  'node:net': typeof import('node:net');
  'node:zlib': typeof import('node:zlib');
}

interface HostProcess {
  getBuiltinModule?<K extends keyof HostModules>(name: K): HostModules[K] | undefined;
}

/**
 * Returns a module of the host (Node, Deno, Bun), or `undefined` in a browser. Modules are
 * requested on first use, so that importing the package loads no host modules and browser bundles
 * contain none.
 */
export function hostModule<K extends keyof HostModules>(name: K): HostModules[K] | undefined {
  const host = (globalThis as { process?: HostProcess }).process;
  return typeof host?.getBuiltinModule === 'function' ? host.getBuiltinModule(name) : undefined;
}

/** Like {@link hostModule}, but throws if the module is missing. */
export function requireHostModule<K extends keyof HostModules>(name: K, purpose: string): HostModules[K] {
  const found = hostModule(name);
  if (found === undefined) {
    throw new RecordpipeError(
      'unsupported-source',
      `${purpose} requires the Node module ${name}, which this host does not have`,
    );
  }
  return found;
}
