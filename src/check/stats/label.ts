import type { FeatureIndex } from '../../messages/example/feature-index.ts';
import { BYTES, INT64 } from '../../messages/example/list-cursor.ts';
import { int64Value, MAX_LABEL_BYTES } from './distinct-values.ts';
import { shortFloat } from './number-stats.ts';
import { type FieldSink, type FieldValue, sendField } from './record-content.ts';

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Names of features that describe a picture. Strings are preferred to numbers. */
const TEXT_NAME = /(^|[/_.])(label|class|category|caption|text|name)s?([/_.](text|name))?$/i;
const NUMBER_NAME = /(^|[/_.])(label|class|category)(es|s)?([/_.](id|index|label))?$/i;

/**
 * Returns the label of a record with these fields: the first short string or number in a field with
 * a name such as label or class.
 */
export function contentLabel(features: ReadonlyMap<string, FieldValue>): string | undefined {
  const named = [...features].flatMap(([name, field]) => {
    const short = name.replace(LABEL_FOLDER, 'label');
    const rank = field.kind === 'bytes' && TEXT_NAME.test(short) ? 0 : NUMBER_NAME.test(short) ? 1 : 2;
    return rank === 2 ? [] : [{ order: `${rank} ${name}`, field }];
  });
  for (const { field } of named.sort((a, b) => (a.order < b.order ? -1 : 1))) {
    const first = new FirstValue();
    sendField(field, first);
    if (first.text !== undefined) return first.text;
  }
  return undefined;
}

/** Names of the labels of a Record, such as `label/values`. */
const LABEL_FOLDER = /^label\/[^/]+$/;

/** Reports whether a field of an IRHeader or a Record is its label. */
export function isLabelField(name: string): boolean {
  return name === 'label' || LABEL_FOLDER.test(name);
}

/**
 * Returns the label of an Example: the first short string or number in a feature with a name such
 * as label or class.
 */
export function recordLabel(index: FeatureIndex): string | undefined {
  let label: string | undefined;
  let best = '';
  for (let i = 0; i < index.featureCount; i++) {
    const name = UTF8.decode(index.bytes.subarray(index.nameStart(i), index.nameEnd(i)));
    const kind = index.kind(i);
    const rank =
      kind === BYTES && TEXT_NAME.test(name) ? 0 : kind === INT64 && NUMBER_NAME.test(name) ? 1 : 2;
    const order = `${rank} ${name}`;
    if (rank === 2 || (best !== '' && order > best)) continue;
    const first = new FirstValue();
    index.send(i, first);
    if (first.text === undefined) continue;
    best = order;
    label = first.text;
  }
  return label;
}

class FirstValue implements FieldSink {
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
      // The value is not text.
    }
  }
}
