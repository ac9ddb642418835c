import { int64Value, MOST_LABEL_BYTES } from './distinct-values.ts';
import { BYTES, FEATURE, INT64, type RecordOutline, type ValueSink } from './record-outline.ts';

/** What features that say what a picture shows are called; texts before numbers. */
const TEXT_NAME = /(^|[/_.])(label|class|category|caption|text|name)s?([/_.](text|name))?$/i;
const NUMBER_NAME = /(^|[/_.])(label|class|category)(es|s)?([/_.](id|index|label))?$/i;

/** What a record calls itself: its first short text or number in a feature named label, class and the like; undefined where it has none. */
export function recordLabel(outline: RecordOutline): string | undefined {
  let label: string | undefined;
  let best = '';
  for (let i = 0; i < outline.featureCount; i++) {
    const at = FEATURE * i;
    const [from, to, kind, span, spans] = outline.features.slice(at, at + FEATURE);
    const name = new TextDecoder().decode(outline.bytes.subarray(from, to));
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

  floats(): void {}

  value(bytes: Uint8Array, from: number, to: number): void {
    if (this.text !== undefined || to - from > MOST_LABEL_BYTES || to === from) return;
    try {
      this.text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, to));
    } catch {
      // no text
    }
  }
}
