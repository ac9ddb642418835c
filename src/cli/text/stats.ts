import {
  type Column,
  type DatasetStats,
  elided,
  type FeatureListSchema,
  featureFacts,
  type InferredSchema,
  labelFeatures,
  messageCountTexts,
  type NamedFeature,
  recordsWithFeatures,
  schemaMessage,
  sizeColumns,
  spreadColumns,
  valueColumns,
} from 'recordpipe/check';
import { errorText } from '../advice.ts';
import { formatBytes, formatCount, formatNumberOf, timeText, visible } from './format.ts';
import { bar, type Painter, spark, tableLines } from './terminal.ts';

const MAX_LABELS = 10;
const MAX_LABEL_FEATURES = 6;
const MAX_FINDINGS = 5;
const BAR_COLUMNS = 24;
const MAX_NAME_CHARACTERS = 64;

/** Formats statistics for a terminal. */
export function statsText(stats: DatasetStats, paint: Painter): string {
  const { records, files, messages, features, featureLists, recordBytes } = stats;
  const stored = files.map(({ bytes }) => bytes);
  const total = stored.reduce((sum, bytes) => sum + bytes, 0);
  const examples = recordsWithFeatures(messages);
  const parts = messageCountTexts(messages).map(({ count, name }) => `${formatCount(count)} ${name}`);
  const lines = [
    `${paint('bold', formatNumberOf(records, 'record'))} in ${formatNumberOf(files.length, 'file')}, ${formatBytes(total)}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`,
  ];
  if (files.length > 1) {
    const least = stored.reduce((a, b) => Math.min(a, b));
    const most = stored.reduce((a, b) => Math.max(a, b));
    lines.push(
      least === most
        ? `file sizes    ${formatBytes(most)} each`
        : `file sizes    ${formatBytes(least)} to ${formatBytes(most)}, the largest ${ratio(most * files.length, total)} the mean`,
    );
  }
  if (recordBytes !== undefined) lines.push(`record sizes  ${axis(sizeColumns(recordBytes))}`);
  if (messages.event !== undefined) for (const time of eventTimes(features)) lines.push(time);
  const { firstOther } = messages;
  // Records that contain text are expected unless other records have features.
  if (firstOther !== undefined && (examples > 0 || messages.text !== messages.other))
    lines.push(
      paint(
        'dim',
        `first without features: record ${firstOther.record} of ${visible(firstOther.uri)}: ${visible(firstOther.why)}`,
      ),
    );
  const hasContext = messages.sequenceExample > 0 || messages.exampleListWithContext !== undefined;
  const all = [
    ...lines,
    ...section(hasContext ? 'context' : 'feature', features, examples, paint),
    ...section('feature list', featureLists, examples, paint),
    ...labels([...features, ...featureLists], paint),
    ...findings(stats, paint),
  ];
  return `${all.join('\n')}\n`;
}

/** Formats the time span of the events in a TensorBoard file. */
function eventTimes(features: readonly NamedFeature[]): string[] {
  const { min, max } = features.find(({ name }) => name === 'wall_time')?.float ?? {};
  if (min == null || max == null) return [];
  const [from, to] = [min, max].map((seconds) => timeText(seconds).slice(2, -1));
  return [`wall time     ${from}${from === to ? '' : ` to ${to}`}`];
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? 'equal to' : `${Number((part / whole).toFixed(2))} x`;
}

/** Formats the range of a histogram: `1 KiB ▂█▁ 4 KiB`. */
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
      elided(visible(name), MAX_NAME_CHARACTERS),
      visible(types.join('!')) || 'none',
      `${bar(share, 4).padEnd(4)} ${present}`,
      `${lengths}${spread}`,
      visible(values),
      shape,
    ];
  });
  const [heads, ...lines] = tableLines([head, 'type', 'present', 'values', 'holds', ''], rows);
  return ['', paint('dim', heads), ...lines];
}

/** Formats the features with few distinct values. */
function labels(features: readonly NamedFeature[], paint: Painter): string[] {
  return labelFeatures(features)
    .slice(0, MAX_LABEL_FEATURES)
    .flatMap(({ name, distinct, values }) => {
      const shown = distinct.slice(0, MAX_LABELS);
      const rows = shown.map(({ value, base64, count }) => [
        `  ${elided(labelName(value, base64), MAX_NAME_CHARACTERS)}`,
        bar(count / shown[0].count, BAR_COLUMNS).padEnd(BAR_COLUMNS),
        formatCount(count),
        `${((100 * count) / values).toFixed(1)} %`,
      ]);
      const rest = distinct.length - shown.length;
      const more = rest > 0 ? [paint('dim', `  and ${formatNumberOf(rest, 'other value')}`)] : [];
      return [
        '',
        paint('bold', elided(visible(name), MAX_NAME_CHARACTERS)),
        ...tableLines(['', '', ' ', ' '], rows).slice(1),
        ...more,
      ];
    });
}

/** Marks base64 values, which could otherwise be mistaken for text. */
function labelName(value: number | string, base64: true | undefined): string {
  if (base64) return `base64 ${value}`;
  return value === '' ? '(empty)' : visible(String(value));
}

function findings({ findings: { count, first } }: DatasetStats, paint: Painter): string[] {
  if (count === 0) return [];
  const shown = first
    .slice(0, MAX_FINDINGS)
    .map((finding) => errorText(finding).replace(/^recordpipe: /, '  '));
  const more =
    count > shown.length
      ? [`  … and ${formatCount(count - shown.length)} more: recordpipe validate lists them`]
      : [];
  return ['', paint('red', formatNumberOf(count, 'finding')), ...shown, ...more];
}

/** Formats a schema with one feature per line. */
export function schemaText({ schema, stats }: InferredSchema, paint: Painter): string {
  const { message, features, featureLists = {} } = schema;
  const { records } = schemaMessage(stats);
  const title = `${paint('bold', message)}: ${formatNumberOf(records, 'record')} of ${formatNumberOf(stats.files.length, 'file')}`;
  let lines = [title, ...schemaSection(features, stats.features, records, paint)];
  if (Object.keys(featureLists).length > 0)
    lines = [
      ...lines,
      '',
      paint('bold', 'feature lists'),
      ...schemaSection(featureLists, stats.featureLists, records, paint),
    ];
  return `${lines.join('\n')}\n`;
}

function schemaSection(
  rules: { readonly [name: string]: FeatureListSchema },
  features: readonly NamedFeature[],
  records: number,
  paint: Painter,
): string[] {
  const rows = features.map((feature) => {
    const { name, present, lengths, values } = featureFacts(feature, records);
    const { type = '', required = false, shape } = Object.hasOwn(rules, name) ? rules[name] : {};
    const presence = required ? 'required' : present;
    return [
      elided(visible(name), MAX_NAME_CHARACTERS),
      type,
      presence,
      shape === undefined ? lengths : `[${shape.join(', ')}]`,
      visible(values),
    ];
  });
  const [head, ...lines] = tableLines(['feature', 'type', 'present', 'shape or values', 'holds'], rows);
  return [paint('dim', head), ...lines];
}
