import type { ObjectSource } from '../object-source.ts';
import { fetchFile } from './fetch-file.ts';
import { listFiles } from './list-files.ts';
import { statFile } from './stat-file.ts';

/** Local files behind the face of object stores. Addresses are paths or `file:` URLs. */
export function localSource(): ObjectSource {
  return {
    list: (prefix, signal, enter) => listFiles(prefix, signal, enter),
    stat: (ref) => statFile(ref),
    fetch: (request, sink, signal) => fetchFile(request, sink, signal),
  };
}
