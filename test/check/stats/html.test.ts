import { parse } from 'parse5';
import { beforeAll, describe, expect, test } from 'vitest';
import { collectStats, type DatasetStats, NO_STATS, statsHtml } from '../../../src/check/index.ts';
import { encodeTFRecord } from '../../../src/formats/index.ts';
import { encodeExample } from '../../../src/messages/index.ts';
import { gif } from '../../support/examples.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const NASTY = `<script>alert("x")</script>'&\u0007\u202e\u200b\u2028`;

interface Node {
  readonly nodeName: string;
  readonly attrs?: readonly { readonly name: string; readonly value: string }[];
  readonly childNodes?: readonly Node[];
  readonly value?: string;
}

let stats: DatasetStats;
beforeAll(async () => {
  const record = (i: number): Uint8Array =>
    encodeExample({
      image: { kind: 'bytes', value: [gif(20 + i, 30, 60_000)] },
      label: { kind: 'bytes', value: [i % 3 === 0 ? NASTY : 'cat'] },
      [NASTY]: { kind: 'int64', value: [i, -i] },
      weights: { kind: 'float', value: [0.5, Number.NaN, -i] },
      ...(i % 2 === 0 && { mixed: { kind: i % 4 === 0 ? 'int64' : 'float', value: [1] } }),
    });
  const frames = Array.from({ length: 60 }, (_, i) => encodeTFRecord(record(i)));
  frames[7][40] ^= 1;
  const paths = [
    temp.file(`${NASTY.replaceAll('/', '')}.tfrecord`, concat(frames)),
    temp.file('b.tfrecord', concat(frames.slice(8))),
  ];
  stats = await collectStats([...paths, temp.file('missing.tfrecord')], { samples: true });
});

function nodesOf(html: string): Node[] {
  const errors: string[] = [];
  const tree = parse(html, { onParseError: ({ code }) => errors.push(code) }) as unknown as Node;
  expect(errors).toEqual([]);
  const found: Node[] = [];
  const visit = (node: Node): void => {
    found.push(node);
    node.childNodes?.forEach(visit);
  };
  visit(tree);
  return found;
}

function attribute({ attrs = [] }: Node, name: string): string | undefined {
  return attrs.find((one) => one.name === name)?.value;
}

describe('the page', () => {
  test('is well-formed with any names and values', () => {
    const nodes = nodesOf(statsHtml(stats));
    const texts = nodes.flatMap(({ nodeName, value }) => (nodeName === '#text' ? [value ?? ''] : []));
    expect(texts.some((text) => text.includes('<script>alert("x")</script>'))).toBe(true);
    expect(statsHtml(stats)).not.toMatch(/[\p{Cf}\p{Zl}]/u);
    expect(statsHtml(stats)).toContain('\\u{202e}');
  });

  test('has no script and no external references', () => {
    const nodes = nodesOf(statsHtml(stats));
    for (const name of ['script', 'link', 'iframe', 'object', 'embed', 'base', 'form', 'a'])
      expect(nodes.filter(({ nodeName }) => nodeName === name)).toEqual([]);
    for (const node of nodes) {
      for (const { name, value } of node.attrs ?? []) {
        expect(name).not.toMatch(/^on/);
        if (/^(src|href|srcset|xlink:href|action|data)$/.test(name))
          expect(value).toMatch(/^data:image\/(gif|png|jpeg|webp|bmp);base64,[A-Za-z0-9+/=]+$/);
      }
    }
    expect(statsHtml(stats)).not.toMatch(/url\(|@import|https?:/);
  });

  test('describes its drawings and images in words', () => {
    const nodes = nodesOf(statsHtml(stats));
    const drawings = nodes.filter(({ nodeName }) => nodeName === 'svg');
    expect(drawings.length).toBeGreaterThan(10);
    for (const svg of drawings) {
      expect(attribute(svg, 'role')).toBe('img');
      expect(svg.childNodes?.[0].nodeName).toBe('title');
      expect(svg.childNodes?.[0].childNodes?.[0].value).toBeTruthy();
    }
    const images = nodes.filter(({ nodeName }) => nodeName === 'img');
    expect(images.length).toBeGreaterThan(3);
    for (const image of images) expect(attribute(image, 'alt')).toMatch(/× 30 gif, record \d+ of /);
  });

  test('names findings with file, record and byte', () => {
    const html = statsHtml(stats);
    expect(html).toContain('data-checksum');
    expect(html).toContain('not-found');
    const { record, offset } = stats.findings.first.find(({ code }) => code === 'data-checksum')!;
    expect(record).toBe(7);
    expect(html).toContain(offset!.toLocaleString('en-US'));
    expect(html).toContain('several types');
  });

  test('omits images to stay within maxBytes', () => {
    expect(Buffer.byteLength(statsHtml(stats))).toBeLessThanOrEqual(2_000_000);
    const images = (html: string): number => html.split('<img').length - 1;
    expect(images(statsHtml(stats))).toBe(16);
    const small = statsHtml(stats, { maxBytes: 300_000 });
    expect(Buffer.byteLength(small)).toBeLessThanOrEqual(300_000);
    expect(images(small)).toBeGreaterThan(0);
    expect(images(statsHtml(stats, { maxBytes: 1000 }))).toBe(0);
    expect(() => statsHtml(stats, { maxBytes: 0 })).toThrow('maxBytes: expected a number > 0, got 0');
  });

  test('stays within its size with very many features, files and labels', () => {
    const feature = stats.features.find(({ name }) => name === 'weights')!;
    const features = Array.from({ length: 4096 }, (_, i) => ({ ...feature, name: `feature/${i}` }));
    const files = Array.from({ length: 10_000 }, (_, i) => ({
      ...stats.files[0],
      uri: `data/${i}`,
      bytes: i,
    }));
    const html = statsHtml({ ...stats, features, featureLists: features, files });
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(2_000_000);
    nodesOf(html);
  });

  test('is the same for the same statistics, also for no statistics', () => {
    expect(statsHtml(stats)).toBe(statsHtml(JSON.parse(JSON.stringify(stats))));
    nodesOf(statsHtml(NO_STATS));
  });
});

describe('statistics from a file', () => {
  test('cannot put markup into the page, whatever type a field has', () => {
    const evil = '<meta http-equiv="refresh" content="0"><b onclick="x">';
    const hostile = JSON.parse(JSON.stringify(stats), (key, value) =>
      key === 'log2' || (typeof value === 'object' && value !== null) ? value : `${value}${evil}`,
    );
    const nodes = nodesOf(statsHtml({ ...hostile, samples: hostile.samples }, { maxBytes: 10_000_000 }));
    const metas = (found: Node[]): number => found.filter(({ nodeName }) => nodeName === 'meta').length;
    expect(metas(nodes)).toBe(metas(nodesOf(statsHtml(stats))));
    expect(nodes.every(({ attrs = [] }) => attrs.every(({ name }) => !name.startsWith('on')))).toBe(true);
  });
});
