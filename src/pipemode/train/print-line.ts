type StreamName = 'stdout' | 'stderr';

const draining = new Map<StreamName, Promise<void>>();

/**
 * Writes a line to a standard stream of this process. If its reader is slow, returns a promise that
 * resolves when more may be written, so that the output of a program does not fill the memory.
 */
export function printLine(name: StreamName, line: string): Promise<void> | undefined {
  if (process[name].write(`${line}\n`)) return undefined;
  const known = draining.get(name);
  if (known !== undefined) return known;
  const drained = new Promise<void>((resolve) => {
    process[name].once('drain', () => {
      draining.delete(name);
      resolve();
    });
  });
  draining.set(name, drained);
  return drained;
}
