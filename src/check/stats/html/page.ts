import { checkOptionNames } from '../../../bytes/arguments.ts';
import { UsageError } from '../../../errors.ts';
import { type DatasetStats, messageCountTexts, recordsWithFeatures } from '../dataset-stats.ts';
import type { ImageSample } from '../samples.ts';
import { bytesText, countText, numberOf } from '../words.ts';
import { html, joined, type Markup, NOTHING } from './charts.ts';
import { htmlDocument } from './document.ts';
import {
  commonFolder,
  featuresSection,
  filesSection,
  findingsSection,
  labelsSection,
  sizesSection,
} from './sections.ts';

/** Options of {@link statsHtml}. */
export interface StatsHtmlOptions {
  /** Title of the page. Default: the uri of the only file, or the common directory of all files. */
  readonly title: string | undefined;
  /**
   * Maximum size of the page in bytes. Sample images are omitted until the page fits. Default
   * 2,000,000.
   */
  readonly maxBytes: number;
}

/**
 * Renders statistics as one self-contained HTML page, without scripts, fonts or network access, for
 * light and dark mode, all screen widths and print. The same statistics always produce the same
 * page. All values in the page are escaped.
 *
 * @throws UsageError for an invalid option
 * @example
 * ```ts
 * import { NO_STATS, statsHtml } from 'recordpipe/check';
 * console.log(statsHtml(NO_STATS, { title: 'Nothing' }).includes('<h1>Nothing</h1>')); // true
 * ```
 */
export function statsHtml(stats: DatasetStats, options: Partial<StatsHtmlOptions> = {}): string {
  checkOptionNames('statsHtml', options, { title: 0, maxBytes: 0 });
  const { title = titleOf(stats), maxBytes = 2_000_000 } = options;
  if (!(maxBytes > 0)) throw new UsageError(`maxBytes: expected a number > 0, got ${maxBytes}`);
  const { messages, features, featureLists } = stats;
  const isSequence = messages.sequenceExample > 0 || messages.exampleListWithContext !== undefined;
  const examples = recordsWithFeatures(messages);
  const truncated = stats.truncated ? ' Only the first 4,096 names are listed.' : '';
  const before = [
    findingsSection(stats),
    featuresSection(
      isSequence ? 'Context features' : 'Features',
      `Statistics cover all records that have features. Distributions show exact values for integers with few distinct values, power-of-two buckets for other numbers, and lengths for bytes.${truncated}`,
      features,
      examples,
    ),
    featuresSection(
      'Feature lists',
      `Lists of steps; each step contains values.${truncated}`,
      featureLists,
      examples,
    ),
    labelsSection([...features, ...featureLists]),
  ];
  const after = [sizesSection(stats), filesSection(stats)];
  const page = (images: Markup): string =>
    htmlDocument({
      title,
      header: messagesText(stats),
      body: html`${tiles(stats)}
${joined(
  [...before, images, ...after].filter((section) => section.text !== ''),
  '\n',
)}`,
      footer: 'Written by recordpipe stats --html. All counts are exact and cover every readable record.',
      images: true,
    });
  return page(imagesSection(stats.samples, maxBytes - Buffer.byteLength(page(NOTHING))));
}

function titleOf({ files }: DatasetStats): string {
  if (files.length === 1) return files[0].uri;
  return commonFolder(files.map(({ uri }) => uri)).replace(/(.)\/$/, '$1') || numberOf(files.length, 'file');
}

function messagesText({ messages, files }: DatasetStats): Markup {
  const { firstOther } = messages;
  const parts = messageCountTexts(messages).map(({ count, name }) => `${countText(count)} ${name}`);
  const first =
    firstOther === undefined
      ? ''
      : ` The first record without features is record ${countText(firstOther.record)} of ${firstOther.uri}: ${firstOther.why}.`;
  const formats = [...new Set(files.map(({ format }) => format).filter((format) => format !== null))].sort();
  const names = formats.map((format) => FORMATS[format] ?? format).join(', ');
  return html`${names}${names !== '' && parts.length > 0 ? ': ' : ''}${parts.join(', ')}.${first}`;
}

const FORMATS: Record<string, string> = {
  tfrecord: 'TFRecord',
  recordio: 'RecordIO',
  textline: 'lines of text',
};

function tiles({ files, records, findings, payloadBytes }: DatasetStats): Markup {
  const stored = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const bad = files.filter((file) => file.findings > 0).length;
  const tile = (name: string, value: string, more: string, wrong = false): Markup =>
    html`<div${wrong ? html` class="wrong"` : ''}><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`;
  return html`<dl class="tiles">${[
    tile(
      'Records',
      countText(records),
      records === 0 ? 'none' : `mean ${bytesText(Math.round(payloadBytes / records))}`,
    ),
    tile(
      'Files',
      countText(files.length),
      files.length === 0 ? 'none' : `mean ${bytesText(Math.round(stored / files.length))}`,
    ),
    tile('Stored', bytesText(stored), `${bytesText(payloadBytes)} in records`),
    tile(
      'Findings',
      countText(findings.count),
      findings.count === 0 ? 'no damage found' : `in ${numberOf(bad, 'file')}`,
      findings.count > 0,
    ),
  ]}</dl>`;
}

/** Returns the section with the images that fit in `room` bytes. */
function imagesSection(samples: readonly ImageSample[], room: number): Markup {
  if (samples.length === 0) return NOTHING;
  const figures: Markup[] = [];
  let left = room - IMAGES_FRAME_BYTES;
  for (const sample of samples) {
    const figure = figureOf(sample);
    const size = Buffer.byteLength(figure.text);
    if (size > left) continue;
    left -= size;
    figures.push(figure);
  }
  if (figures.length === 0) return NOTHING;
  return html`<section id="images"><h2>Sample images</h2><p class="note">${numberOf(figures.length, 'image')} as stored, chosen by a hash of file and record: the same data always shows the same images.</p><ul class="images">${figures}</ul></section>`;
}

const IMAGES_FRAME_BYTES = 400;

function figureOf({ feature, uri, record, kind, width, height, label, base64 }: ImageSample): Markup {
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  const size = `${width} × ${height} ${kind}`;
  const alt = `${label ?? feature}, ${size}, record ${record} of ${name}`;
  return html`<li><figure><div class="frame"><img alt="${alt}" loading="lazy" src="data:image/${kind};base64,${base64}"></div><figcaption><b>${label ?? feature}</b>${size}<span>record ${countText(record)}</span><span title="${uri}">${name}</span></figcaption></figure></li>`;
}
