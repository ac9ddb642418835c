import { type ObjectOptions, objectOptions } from './object-options.ts';
import type { ObjectSource } from './object-source.ts';
import type { TransferContext } from './range-transfer.ts';
import { processGate } from './request-gate.ts';
import type { OnTransferEvent } from './transfer-events.ts';
import { newTransferCounts } from './transfer-stats.ts';

/** What a transfer is told beside its options. */
export interface TransferControl {
  /** Ends everything: requests, waits and timers. */
  readonly signal?: AbortSignal | undefined;
  /** Told of what happens on the way: further attempts, restarts, what could not be verified. */
  readonly onEvent?: OnTransferEvent | undefined;
  /** Where all objects come from. Default: what their addresses name. */
  readonly source?: ObjectSource | undefined;
}

/** Options of a transfer; pass what differs. */
export type ObjectReadOptions = Partial<ObjectOptions> & TransferControl;

/** What the ranges of a new stream share. */
export function transferContext(given: ObjectReadOptions | undefined): TransferContext {
  const { signal: _, onEvent, source, ...rest } = given ?? {};
  const options = objectOptions(rest);
  return {
    options,
    gate: processGate,
    seat: processGate.seat(options.maxRequests),
    counts: newTransferCounts(),
    onEvent,
    sourceOf: source === undefined ? namedSources(options) : () => source,
  };
}

/** Sources by what stands before the key: listings name a bucket millions of times. */
function namedSources(options: ObjectOptions): TransferContext['sourceOf'] {
  const known = new Map<string, ObjectSource | Promise<ObjectSource>>();
  return (uri) => {
    const place = /^[a-z0-9]+:\/\/[^/]*/.exec(uri)?.[0] ?? '';
    let source = known.get(place);
    if (source === undefined) {
      source = load(uri, options);
      known.set(place, source);
    }
    return source;
  };
}

async function load(uri: string, options: ObjectOptions): Promise<ObjectSource> {
  const { objectSourceOf } = await import('./source-of.ts');
  return objectSourceOf(uri, options);
}
