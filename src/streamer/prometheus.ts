import type { ChannelMetrics } from './stream-events.ts';

interface Row {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly value: (metrics: ChannelMetrics) => number;
}

const ROWS: readonly Row[] = [
  {
    name: 'bytes_total',
    kind: 'counter',
    help: 'Bytes that the pipes have taken.',
    value: ({ bytes }) => bytes,
  },
  {
    name: 'epochs_total',
    kind: 'counter',
    help: 'Epochs that have been served.',
    value: ({ epochs }) => epochs,
  },
  {
    name: 'requests_total',
    kind: 'counter',
    help: 'Requests for objects, further attempts included.',
    value: ({ requests }) => requests,
  },
  { name: 'retries_total', kind: 'counter', help: 'Further attempts.', value: ({ retries }) => retries },
  { name: 'epoch', kind: 'gauge', help: 'The epoch that is served.', value: ({ epoch }) => epoch },
  {
    name: 'epoch_bytes',
    kind: 'gauge',
    help: 'Bytes of this epoch that its pipe has taken.',
    value: ({ epochBytes }) => epochBytes,
  },
  {
    name: 'epoch_reader_wait_seconds',
    kind: 'gauge',
    help: 'Time of this epoch in which bytes waited for the reader.',
    value: ({ readerWaitMs }) => readerWaitMs / 1000,
  },
  {
    name: 'epoch_source_wait_seconds',
    kind: 'gauge',
    help: 'Time of this epoch in which the pipe waited for bytes.',
    value: ({ sourceWaitMs }) => sourceWaitMs / 1000,
  },
];

/**
 * Metrics of channels in the text format of Prometheus (version 0.0.4), names beginning with `recordpipe_stream_`.
 *
 * @example
 * ```ts
 * import { PipeModeStreamer, prometheusText } from 'recordpipe/streamer';
 * const streamer = new PipeModeStreamer({ channels: [{ name: 'train', uri: 'data' }], pipeDir: 'pipes' });
 * console.log(prometheusText(streamer.metrics).split('\n')[2]); // recordpipe_stream_bytes_total{channel="train"} 0
 * ```
 */
export function prometheusText(metrics: readonly ChannelMetrics[]): string {
  return ROWS.map(({ name, kind, help, value }) => {
    const full = `recordpipe_stream_${name}`;
    const lines = metrics.map((one) => `${full}{channel="${labelValue(one.channel)}"} ${value(one)}`);
    return [`# HELP ${full} ${help}`, `# TYPE ${full} ${kind}`, ...lines, ''].join('\n');
  }).join('');
}

/** A label value as the text format quotes it. */
function labelValue(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
