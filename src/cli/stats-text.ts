import {
  type Column,
  type DatasetStats,
  featureFacts,
  labelFeatures,
  type NamedFeature,
  sizeColumns,
  spreadColumns,
  valueColumns,
} from 'recordpipe/stats';
import { errorText } from './advice.ts';
import { formatBytes, formatCount, formatNumberOf } from './sizes.ts';
import { bar, spark } from './spark.ts';
import type { Painter } from './style.ts';
import { tableLines } from './table.ts';
import { visible } from './visible.ts';

const MOST_LABELS = 10;
const MOST_LABEL_FEATURES = 6;
const MOST_FINDINGS = 5;
const BAR_COLUMNS = 24;

/** Statistics for people, in a terminal. */
export function statsText(stats: DatasetStats, paint: Painter): string {
  const { records, files, messages, features, featureLists, recordBytes } = stats;
  const stored = files.map(({ bytes }) => bytes);
  const total = stored.reduce((sum, bytes) => sum + bytes, 0);
  const examples = messages.example + messages.sequenceExample;
  const parts = [
    ...(messages.example > 0 ? [`${formatCount(messages.example)} Example`] : []),
    ...(messages.sequenceExample > 0 ? [`${formatCount(messages.sequenceExample)} SequenceExample`] : []),
    ...(messages.other > 0 ? [`${formatCount(messages.other)} other`] : []),
  ];
  const lines = [
    `${paint('bold', formatNumberOf(records, 'record'))} in ${formatNumberOf(files.length, 'file')}, ${formatBytes(total)}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`,
  ];
  if (files.length > 1) {
    const most = stored.reduce((one, other) => Math.max(one, other));
    const least = stored.reduce((one, other) => Math.min(one, other));
    lines.push(
      least === most
        ? `file sizes    ${formatBytes(most)} each`
        : `file sizes    ${formatBytes(least)} to ${formatBytes(most)}, the largest ${ratio(most * files.length, total)} the mean`,
    );
  }
  if (recordBytes !== undefined) lines.push(`record sizes  ${axis(sizeColumns(recordBytes))}`);
  const { firstOther } = messages;
  if (firstOther !== undefined)
    lines.push(
      paint(
        'dim',
        `the first other is record ${firstOther.record} of ${visible(firstOther.uri)}: ${firstOther.why}`,
      ),
    );
  const all = [
    ...lines,
    ...section(messages.sequenceExample > 0 ? 'context' : 'feature', features, examples, paint),
    ...section('feature list', featureLists, examples, paint),
    ...labels([...features, ...featureLists], paint),
    ...findings(stats, paint),
  ];
  return `${all.join('\n')}\n`;
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? 'equal to' : `${Number((part / whole).toFixed(2))} x`;
}

/** `1 KiB ▂█▁ 4 KiB`. */
function axis(columns: readonly Column[]): string {
  if (columns.length === 1) return columns[0].label;
  const end = columns.at(-1)!.label.split(' to ').at(-1);
  return `${columns[0].start} ${spark(columns.map(({ count }) => count))} ${end}`;
}

function section(head: string, features: readonly NamedFeature[], records: number, paint: Painter): string[] {
  if (features.length === 0) return [];
  const rows = features.map((feature) => {
    const { name, types, share, present, lengths, values } = featureFacts(feature, records);
    const { length } = feature;
    const spread =
      length !== undefined && length.min !== length.max
        ? ` ${spark(spreadColumns(length).map(({ count }) => count))}`
        : '';
    const columns = valueColumns(feature);
    const shape = columns.length > 1 ? spark(columns.map(({ count }) => count)) : '';
    return [
      visible(name),
      types.join('!') || 'none',
      `${bar(share, 4).padEnd(4)} ${present}`,
      `${lengths}${spread}`,
      visible(values),
      shape,
    ];
  });
  const [heads, ...lines] = tableLines([head, 'type', 'present', 'values', 'holds', ''], rows);
  return ['', paint('dim', heads), ...lines];
}

/** Features of few different values. */
function labels(features: readonly NamedFeature[], paint: Painter): string[] {
  return labelFeatures(features)
    .slice(0, MOST_LABEL_FEATURES)
    .flatMap(({ name, distinct, values }) => {
      const shown = distinct.slice(0, MOST_LABELS);
      const rows = shown.map(({ value, count }) => [
        `  ${visible(String(value))}`,
        bar(count / shown[0].count, BAR_COLUMNS).padEnd(BAR_COLUMNS),
        formatCount(count),
        `${((100 * count) / values).toFixed(1)} %`,
      ]);
      const rest = distinct.length - shown.length;
      const more = rest > 0 ? [paint('dim', `  and ${formatNumberOf(rest, 'other value')}`)] : [];
      return ['', paint('bold', visible(name)), ...tableLines(['', '', ' ', ' '], rows).slice(1), ...more];
    });
}

function findings({ findings: { count, first } }: DatasetStats, paint: Painter): string[] {
  if (count === 0) return [];
  const shown = first
    .slice(0, MOST_FINDINGS)
    .map((finding) => errorText(finding).replace(/^recordpipe: /, '  '));
  const more =
    count > shown.length
      ? [`  … and ${formatCount(count - shown.length)} more: recordpipe validate lists them`]
      : [];
  return ['', paint('red', formatNumberOf(count, 'finding')), ...shown, ...more];
}
