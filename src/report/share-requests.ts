import { processGate } from '../objects/request-gate.ts';

/** Lets this thread have no more requests to object stores under way than its share of what the process may; undefined: all of it. */
export function shareRequests(requests: number | undefined): void {
  processGate.share(requests);
}
