/** Replaces trace.ts in browsers, where nobody subscribes. */
import type { TraceLine } from './trace.ts';

export type { TraceLine } from './trace.ts';

export function isTraced(): boolean {
  return false;
}

export function trace(_topic: string, _text: () => string): void {}

export function relayTrace(_line: TraceLine): void {}

export function onTrace(_listener: (line: TraceLine) => void): void {}
