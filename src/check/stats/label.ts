import type { NamedFeature } from './dataset-stats.ts';
import { int64Value, MAX_LABEL_BYTES, type ValueCount } from './distinct-values.ts';
import { shortFloat } from './number-stats.ts';
import { type FieldValue, sendValues } from './record-content.ts';
import { BYTES, FEATURE, INT64, type RecordOutline, type ValueSink } from './record-outline.ts';

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What features that say what a picture shows are called; texts before numbers. */
const TEXT_NAME = /(^|[/_.])(label|class|category|caption|text|name)s?([/_.](text|name))?$/i;
const NUMBER_NAME = /(^|[/_.])(label|class|category)(es|s)?([/_.](id|index|label))?$/i;

/** The label of a record with these fields: the first text or number in one named label, class and the like. */
export function contentLabel(features: ReadonlyMap<string, FieldValue>): string | undefined {
  const named = [...features].flatMap(([name, field]) => {
    const short = name.replace(LABEL_FOLDER, 'label');
    const rank = field.kind === 'bytes' && TEXT_NAME.test(short) ? 0 : NUMBER_NAME.test(short) ? 1 : 2;
    return rank === 2 ? [] : [{ order: `${rank} ${name}`, field }];
  });
  for (const { field } of named.sort((a, b) => (a.order < b.order ? -1 : 1))) {
    const first = new FirstValue();
    sendValues(field, first);
    if (first.text !== undefined) return first.text;
  }
  return undefined;
}

/** Labels of a Record, such as `label/values`. */
const LABEL_FOLDER = /^label\/[^/]+$/;

/** Whether a field of an IRHeader or a Record is its label. */
export function isLabelField(name: string): boolean {
  return name === 'label' || LABEL_FOLDER.test(name);
}

/** What a record calls itself: its first short text or number in a feature named label, class and the like; undefined where it has none. */
export function recordLabel(outline: RecordOutline): string | undefined {
  let label: string | undefined;
  let best = '';
  for (let i = 0; i < outline.featureCount; i++) {
    const at = FEATURE * i;
    const [from, to, kind, span, spans] = outline.features.slice(at, at + FEATURE);
    const name = UTF8.decode(outline.bytes.subarray(from, to));
    const rank =
      kind === BYTES && TEXT_NAME.test(name) ? 0 : kind === INT64 && NUMBER_NAME.test(name) ? 1 : 2;
    const order = `${rank} ${name}`;
    if (rank === 2 || (best !== '' && order > best)) continue;
    const first = new FirstValue();
    outline.values(kind, span, spans, first);
    if (first.text === undefined) continue;
    best = order;
    label = first.text;
  }
  return label;
}

class FirstValue implements ValueSink {
  text: string | undefined;

  int64(high: number, low: number): void {
    this.text ??= String(int64Value(high, low));
  }

  floats(bytes: Uint8Array, from: number, to: number): void {
    if (to - from < 4) return;
    this.float64(shortFloat(new DataView(bytes.buffer, bytes.byteOffset + from, 4).getFloat32(0, true)));
  }

  float64(value: number): void {
    this.text ??= String(value);
  }

  value(bytes: Uint8Array, from: number, to: number): void {
    if (this.text !== undefined || to - from > MAX_LABEL_BYTES || to === from) return;
    try {
      this.text = STRICT_UTF8.decode(bytes.subarray(from, to));
    } catch {
      // no text
    }
  }
}

/** A feature with few distinct values. */
export interface LabelFeature {
  readonly name: string;
  /** All of its values, the most frequent first. */
  readonly distinct: readonly ValueCount[];
  readonly values: number;
}

/** With more distinct values, only the name makes a feature a label. */
const FEW = 24;
/** Longer lists are data: masks, pixels, tokens. */
const MAX_LABELS_PER_RECORD = 16;
const NAME = /label|class|categor|target|type|kind|lang|split|source/i;
/** Numbers and names of records, sizes, positions and times. */
const NOT_A_LABEL =
  /(^|[/_.])(u?ids?|guid|idx|index|indices|key|keys|number|num|count|offset|episode|step|frame|time|timestamp|date|height|width|depth|channels?|size|length|len|shape|rows?|cols?|columns?|version|seed|mask|image|pixels?|raw|encoded)$/i;
/** Whether a step begins or ends something. */
const FLAG =
  /(^|[/_.])(is[_/.])?(first|last|start|begin|end|terminal|terminated|truncated|done|valid|padding)$/i;

/**
 * The features whose values are labels: at least two distinct texts or numbers that occur twice on average, few per record,
 * and few in all unless the name says that they are labels. Features named label, class and the like come first.
 */
export function labelFeatures(features: readonly NamedFeature[]): LabelFeature[] {
  return features
    .flatMap((feature) => {
      const rank = labelRank(feature);
      const { name, int64, float, bytes } = feature;
      const { distinct, values } = int64 ?? float ?? bytes ?? {};
      return rank === undefined || !distinct || values === undefined
        ? []
        : [{ rank, name, distinct, values }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ name, distinct, values }) => ({ name, distinct, values }));
}

/** 0 for the most likely labels; undefined for what is none. */
function labelRank({ name, length, int64, float, bytes }: NamedFeature): number | undefined {
  const { distinct, values = 0 } = int64 ?? float ?? bytes ?? {};
  if (!distinct || distinct.length < 2 || values < 2 * distinct.length) return undefined;
  if (length === undefined || length.max > MAX_LABELS_PER_RECORD || FLAG.test(name)) return undefined;
  const isNamed = NAME.test(name);
  if (!isNamed && (distinct.length > FEW || NOT_A_LABEL.test(name))) return undefined;
  // Images, pixels and packed numbers are no labels.
  if (bytes !== undefined && (Object.keys(bytes.images).length > 0 || (bytes.text === 0 && !isNamed)))
    return undefined;
  // Lists are tokens and tensors, unless the name says that they are labels.
  if (length.max > 1 && !isNamed) return undefined;
  return isNamed && length.max === 1 ? 0 : 1;
}
