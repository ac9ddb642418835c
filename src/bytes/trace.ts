import { redacted } from '../redact.ts';
import { hostModule } from './host.ts';

/** A line about what the library does, which `--verbose` prints. */
export interface TraceLine {
  /** What the line is about, such as `request`. */
  readonly topic: string;
  /** The text, without secrets. */
  readonly text: string;
}

/**
 * Name of the channel of node:diagnostics_channel. The command line subscribes to it; it is not part
 * of the public API.
 */
const CHANNEL = 'recordpipe:trace';

let channel: ReturnType<typeof channelOfHost>;

function channelOfHost() {
  return hostModule('node:diagnostics_channel')?.channel(CHANNEL);
}

/** Reports whether the trace has subscribers. */
export function isTraced(): boolean {
  channel ??= channelOfHost();
  return channel?.hasSubscribers === true;
}

/** Publishes a line. Computes its text only if the trace has subscribers. */
export function trace(topic: string, text: () => string): void {
  if (isTraced()) channel!.publish({ topic, text: redacted(text()) } satisfies TraceLine);
}

/** Publishes a line of another thread. */
export function relayTrace(line: TraceLine): void {
  if (isTraced()) channel!.publish(line);
}

/** Passes all lines of this thread to a function. */
export function onTrace(listener: (line: TraceLine) => void): void {
  hostModule('node:diagnostics_channel')?.subscribe(CHANNEL, (line) => listener(line as TraceLine));
}
