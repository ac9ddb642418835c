import { UsageError } from '../../errors.ts';
import { type DatasetStats, messageCountTexts, recordsWithFeatures } from '../dataset-stats.ts';
import type { ImageSample } from '../samples.ts';
import { bytesText, countText, numberOf } from '../words.ts';
import { esc } from './escape.ts';
import {
  commonFolder,
  featuresSection,
  filesSection,
  findingsSection,
  labelsSection,
  sizesSection,
} from './sections.ts';
import { STYLE } from './style.ts';

/** Options of {@link statsHtml}. */
export interface StatsHtmlOptions {
  /** What the page is called. Default: the file, or the folder that all files are in. */
  readonly title: string | undefined;
  /** As large as the page may become: sample images are left out until it fits. Default 2,000,000. */
  readonly maxBytes: number;
}

/**
 * Statistics as a page to look at: one HTML file that needs nothing else, no script, no font, no network, in light and dark, on narrow and wide screens and on paper. The same
 * statistics always make the same page.
 *
 * @throws UsageError for a wrong option
 * @example
 * ```ts
 * import { NO_STATS, statsHtml } from 'recordpipe/stats';
 * console.log(statsHtml(NO_STATS, { title: 'Nothing' }).includes('<h1>Nothing</h1>')); // true
 * ```
 */
export function statsHtml(stats: DatasetStats, options: Partial<StatsHtmlOptions> = {}): string {
  const { title = titleOf(stats), maxBytes = 2_000_000 } = options;
  if (!(maxBytes > 0)) throw new UsageError(`maxBytes: expected a number above 0, got ${maxBytes}`);
  const { messages, features, featureLists } = stats;
  const isSequence = messages.sequenceExample > 0 || messages.exampleListWithContext !== undefined;
  const examples = recordsWithFeatures(messages);
  const truncated = stats.truncated ? ' There are more names than are kept: these are the first 4,096.' : '';
  const before = [
    findingsSection(stats),
    featuresSection(
      isSequence ? 'Context features' : 'Features',
      `The values of each feature, over all records with features. Distributions are exact for integers with few distinct values and by powers of two for other numbers; of bytes they are about lengths.${truncated}`,
      features,
      examples,
    ),
    featuresSection(
      'Feature lists',
      `One step after another; each step holds values.${truncated}`,
      featureLists,
      examples,
    ),
    labelsSection([...features, ...featureLists]),
  ];
  const after = [sizesSection(stats), filesSection(stats)];
  const page = (images: string): string =>
    `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="recordpipe">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${esc(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<main>
<header><h1>${esc(title)}</h1><p>${messagesText(stats)}</p></header>
${tiles(stats)}
${[...before, images, ...after].filter((section) => section !== '').join('\n')}
<footer>Made by recordpipe stats --html. All counts are exact, over every record that could be read.</footer>
</main>
</body>
</html>
`;
  return page(imagesSection(stats.samples, maxBytes - Buffer.byteLength(page(''))));
}

function titleOf({ files }: DatasetStats): string {
  if (files.length === 1) return files[0].uri;
  return commonFolder(files.map(({ uri }) => uri)).replace(/(.)\/$/, '$1') || numberOf(files.length, 'file');
}

function messagesText({ messages, files }: DatasetStats): string {
  const { firstOther } = messages;
  const parts = messageCountTexts(messages).map(({ count, name }) => `${countText(count)} ${name}`);
  const first =
    firstOther === undefined
      ? ''
      : ` The first without features is record ${countText(firstOther.record)} of ${esc(firstOther.uri)}: ${esc(firstOther.why)}.`;
  const formats = [...new Set(files.map(({ format }) => format).filter((format) => format !== null))].sort();
  const names = formats.map((format) => FORMATS[format] ?? format).join(', ');
  return `${names}${names !== '' && parts.length > 0 ? ': ' : ''}${parts.join(', ')}.${first}`;
}

const FORMATS: Record<string, string> = {
  tfrecord: 'TFRecord',
  recordio: 'RecordIO',
  textline: 'lines of text',
};

function tiles({ files, records, findings, payloadBytes }: DatasetStats): string {
  const stored = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const bad = files.filter((file) => file.findings > 0).length;
  const tile = (name: string, value: string, more: string, wrong = false): string =>
    `<div${wrong ? ' class="wrong"' : ''}><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`;
  return `<dl class="tiles">${[
    tile(
      'Records',
      countText(records),
      records === 0 ? 'none' : `${bytesText(Math.round(payloadBytes / records))} on average`,
    ),
    tile(
      'Files',
      countText(files.length),
      files.length === 0 ? 'none' : `${bytesText(Math.round(stored / files.length))} on average`,
    ),
    tile('Stored', bytesText(stored), `${bytesText(payloadBytes)} in records`),
    tile(
      'Findings',
      countText(findings.count),
      findings.count === 0 ? 'nothing is damaged' : `in ${numberOf(bad, 'file')}`,
      findings.count > 0,
    ),
  ].join('')}</dl>`;
}

/** As many as there is room for. */
function imagesSection(samples: readonly ImageSample[], room: number): string {
  if (samples.length === 0) return '';
  const figures: string[] = [];
  let left = room - IMAGES_FRAME_BYTES;
  for (const sample of samples) {
    const figure = figureOf(sample);
    const size = Buffer.byteLength(figure);
    if (size > left) continue;
    left -= size;
    figures.push(figure);
  }
  if (figures.length === 0) return '';
  return `<section id="images"><h2>Sample images</h2><p class="note">${numberOf(figures.length, 'image')} as stored, chosen by a hash of file and record, so that the same data always shows the same ones.</p><ul class="images">${figures.join('')}</ul></section>`;
}

const IMAGES_FRAME_BYTES = 400;

function figureOf({ feature, uri, record, kind, width, height, label, base64 }: ImageSample): string {
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  const size = `${width} × ${height} ${kind}`;
  const alt = `${label ?? feature}, ${size}, record ${record} of ${name}`;
  return `<li><figure><div class="frame"><img alt="${esc(alt)}" loading="lazy" src="data:image/${kind};base64,${base64}"></div><figcaption><b>${esc(label ?? feature)}</b>${size}<span>record ${countText(record)}</span><span title="${esc(uri)}">${esc(name)}</span></figcaption></figure></li>`;
}
