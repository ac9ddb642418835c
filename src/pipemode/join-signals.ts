import { onAbort as listenForAbort } from '../bytes/abortable.ts';
/** A signal that fires with the first of several. Not AbortSignal.any: what it leaves behind at a signal that lives long, no one takes away. */
export function joinSignals(signals: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal;
  /** Forgets the signals. */
  release(): void;
} {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const onAbort = (): void => controller.abort(given.find(({ aborted }) => aborted)?.reason);
  for (const signal of given) listenForAbort(signal, onAbort);
  if (given.some(({ aborted }) => aborted)) onAbort();
  return {
    signal: controller.signal,
    release() {
      for (const signal of given) signal.removeEventListener('abort', onAbort);
    },
  };
}
