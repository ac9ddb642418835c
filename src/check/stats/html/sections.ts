import type { DatasetStats, FileStats } from '../dataset-stats.ts';
import { featureFacts } from '../feature-facts.ts';
import type { NamedFeature } from '../feature-stats.ts';
import { type LabelFeature, labelFeatures } from '../label-features.ts';
import { bytesText, countText, elided, numberOf, shareText } from '../words.ts';
import {
  histogram,
  html,
  joined,
  type Markup,
  NOTHING,
  shareBar,
  sizeColumns,
  spreadColumns,
  valueColumns,
} from './charts.ts';

const MAX_FEATURES_SHOWN = 200;
const MAX_SHARDS_SHOWN = 48;
const MAX_LABELS = 16;
/**
 * Maximum length of a name. Longer names are elided in the middle, so that shard numbers remain
 * visible.
 */
const MAX_FILE_CHARACTERS = 30;
const MAX_LABEL_FEATURES = 12;

export function findingsSection({ findings, files }: DatasetStats): Markup {
  if (findings.count === 0) return NOTHING;
  const compressed = new Set(files.filter(({ compression }) => compression !== 'none').map(({ uri }) => uri));
  const rows = findings.first.map(({ uri, code, record, offset, message }) => {
    const unit = compressed.has(uri) ? ' (uncompressed)' : '';
    const place =
      record === null
        ? html`<td class="number">–</td><td>–</td>`
        : html`<td class="number">${countText(record)}</td><td class="number">${countText(offset ?? 0)}${unit}</td>`;
    return html`<tr><td><code>${uri}</code></td>${place}<td><span class="bad">${code}</span><br>${withoutPlace(message, uri)}</td></tr>`;
  });
  const hidden = findings.count - findings.first.length;
  const more =
    hidden > 0
      ? html`<p class="note">And ${countText(hidden)} more: recordpipe validate lists them.</p>`
      : '';
  return html`<section class="wrong" id="findings"><h2>Findings</h2><p class="note">Invalid data by file and position. Record numbers and byte offsets start at 0.</p><div class="scroll" role="region" aria-label="Findings" tabindex="0"><table><thead><tr><th scope="col">File</th><th scope="col">Record</th><th scope="col">At byte</th><th scope="col">Finding</th></tr></thead><tbody>${rows}</tbody></table></div>${more}</section>`;
}

/** Removes the place from the end of a message. */
function withoutPlace(message: string, uri: string): string {
  const at = message.lastIndexOf(' (', message.length - uri.length - 1);
  return message.endsWith(`${uri})`) && at >= 0 ? message.slice(0, at) : message;
}

export function filesSection({ files }: DatasetStats): Markup {
  if (files.length === 0) return NOTHING;
  const sizes = files.map(({ bytes }) => bytes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const mean = total / files.length;
  const most = sizes.reduce((a, b) => Math.max(a, b));
  const least = sizes.reduce((a, b) => Math.min(a, b));
  const balance =
    files.length === 1 || mean === 0
      ? ''
      : ` The largest is ${times(most / mean)} the mean of ${bytesText(Math.round(mean))}, the smallest ${times(least / mean)}.`;
  const shown = files.length <= MAX_SHARDS_SHOWN ? files : extremes(files);
  const left = files.length - shown.length;
  const what =
    left > 0 ? ` Only the ${shown.length / 2} largest and the ${shown.length / 2} smallest are shown.` : '';
  const short = shortNames(shown.map(({ uri }) => uri));
  const rows = shown.map(({ uri, bytes, records, findings }, i) => {
    const said = `${uri}: ${bytesText(bytes)}, ${numberOf(records, 'record')}${findings > 0 ? `, ${numberOf(findings, 'finding')}` : ''}`;
    const wrong = findings > 0 ? html`<span class="bad"> · ${numberOf(findings, 'finding')}</span>` : '';
    return html`<dt class="name" title="${uri}">${elided(short[i], MAX_FILE_CHARACTERS)}</dt><dd>${shareBar(most === 0 ? 0 : bytes / most, said, findings > 0 ? 'bad' : '')}</dd><dd class="number">${bytesText(bytes)} · ${countText(records)}${wrong}</dd>`;
  });
  return html`<section id="files"><h2>Files</h2><p class="note">Stored size and number of records.${balance}${what}</p><dl class="rows">${rows}</dl></section>`;
}

function extremes(files: readonly FileStats[]): FileStats[] {
  const sorted = [...files].sort((a, b) => b.bytes - a.bytes);
  const half = MAX_SHARDS_SHOWN / 2;
  return [...sorted.slice(0, half), ...sorted.slice(-half)];
}

function times(ratio: number): string {
  return `${ratio >= 9.95 ? Math.round(ratio) : Number(ratio.toFixed(ratio < 0.095 ? 3 : 2))} ×`;
}

/** Returns the names without their common directory. */
function shortNames(uris: readonly string[]): string[] {
  const folder = commonFolder(uris);
  return uris.map((uri) => uri.slice(folder.length));
}

export function commonFolder(uris: readonly string[]): string {
  if (uris.length === 0) return '';
  let folder = uris[0].slice(0, uris[0].lastIndexOf('/') + 1);
  while (folder !== '' && !uris.every((uri) => uri.startsWith(folder)))
    folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  return folder;
}

export function sizesSection({ recordBytes, records, payloadBytes }: DatasetStats): Markup {
  if (recordBytes === undefined) return NOTHING;
  const mean = bytesText(Math.round(payloadBytes / records));
  const range =
    recordBytes.min === recordBytes.max
      ? `All records have ${bytesText(recordBytes.min)}.`
      : `${bytesText(recordBytes.min)} to ${bytesText(recordBytes.max)}, mean ${mean}. Each column covers twice the range of the previous one.`;
  return html`<section id="sizes"><h2>Record sizes</h2><p class="note">Bytes per record, without framing. ${range}</p>${histogram(sizeColumns(recordBytes), 'Records by size', 'records', 'large')}</section>`;
}

export function featuresSection(
  title: string,
  note: string,
  features: readonly NamedFeature[],
  records: number,
): Markup {
  if (features.length === 0) return NOTHING;
  const rows = features.slice(0, MAX_FEATURES_SHOWN).map((feature) => featureRow(feature, records));
  const hidden = features.length - rows.length;
  const more =
    hidden > 0
      ? html`<p class="note">And ${countText(hidden)} more: recordpipe stats --json lists all.</p>`
      : '';
  return html`<section class="features"><h2>${title}</h2><p class="note">${note}</p><div class="scroll" role="region" aria-label="${title}" tabindex="0"><table><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Present</th><th scope="col">Values per record</th><th scope="col">Values</th><th scope="col"><span class="muted">Distribution</span></th></tr></thead><tbody>${rows}</tbody></table></div>${more}</section>`;
}

/** Allows line breaks after slashes, underscores and dots, because most names are paths. */
function breakable(name: string): Markup {
  return joined(
    name.split(/(?<=[/_.])/).map((piece) => html`${piece}`),
    '<wbr>',
  );
}

function featureRow(feature: NamedFeature, records: number): Markup {
  const { name, types, share, present, lengths, values } = featureFacts(feature, records);
  const wrong = types.length > 1;
  const type =
    types.length === 0
      ? html`<span class="type">none</span>`
      : joined(
          types.map((one) => html`<span class="type${wrong ? ' wrong' : ''}">${one}</span>`),
          ' ',
        );
  const conflict = wrong ? html`<br><span class="bad">several types</span>` : '';
  const columns = valueColumns(feature);
  const shape =
    columns.length > (feature.bytes === undefined ? 1 : 2)
      ? histogram(columns, `Values of ${name}`, 'values', 'small')
      : '';
  const spread = feature.length !== undefined && feature.length.min !== feature.length.max;
  const lists = spread
    ? histogram(spreadColumns(feature.length!), `Values per record of ${name}`, 'lists', 'small')
    : '';
  return html`<tr><th scope="row"><code>${breakable(name)}</code></th><td>${type}${conflict}</td><td class="number" data-label="Present">${present}${shareBar(share, `present in ${present} of records`)}</td><td class="lists" data-label="Values per record">${lengths}${lists}</td><td data-label="Values">${values}</td><td class="shape">${shape}</td></tr>`;
}

export function labelsSection(features: readonly NamedFeature[]): Markup {
  const charts = labelFeatures(features).map(labelChart);
  if (charts.length === 0) return NOTHING;
  return html`<section id="labels"><h2>Label distribution</h2><p class="note">Features with few distinct values, the most frequent first. Counts are exact.</p><div class="labels">${charts.slice(0, MAX_LABEL_FEATURES)}</div></section>`;
}

function labelChart({ name, distinct, values }: LabelFeature): Markup {
  const most = distinct[0].count;
  const rows = distinct.slice(0, MAX_LABELS).map(({ value, count, base64 }) => {
    const text = base64 ? `base64 ${value}` : value === '' ? '(empty)' : String(value);
    const share = shareText(count, values);
    return html`<dt title="${text}">${text}</dt><dd>${shareBar(count / most, `${text}: ${countText(count)}, ${share}`)}</dd><dd class="number">${countText(count)} · ${share}</dd>`;
  });
  const rest = distinct.slice(MAX_LABELS);
  const restCount = rest.reduce((sum, { count }) => sum + count, 0);
  const others =
    rest.length === 0
      ? ''
      : html`<p class="muted">and ${numberOf(rest.length, 'other')}, ${countText(restCount)} · ${shareText(restCount, values)}</p>`;
  return html`<div><h3><code>${name}</code> <span class="muted">${countText(distinct.length)} distinct</span></h3><dl class="rows">${rows}</dl>${others}</div>`;
}
