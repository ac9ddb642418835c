import { largestOf } from '../../bytes/extremes.ts';
import type { Column } from '../value-bars.ts';
import { countText } from '../words.ts';
import { esc } from './escape.ts';

/** Units of the drawings, which are stretched to the room there is. */
const WIDTH = 1000;
const HEIGHT = 100;
/** Of a column's room. */
const GAP = 0.14;
/** What is there is seen, however little. */
const LEAST = 1.5;

/** A share from 0 to 1 as a bar. @param title what it says, for those who do not see it */
export function shareBar(share: number, title: string, kind: '' | 'bad' = ''): string {
  const width = share === 0 ? 0 : Math.max(4, round(share * WIDTH));
  return `<svg class="bar" role="img" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none"><title>${esc(title)}</title><rect class="track" width="${WIDTH}" height="10"/><rect class="fill ${kind}" width="${width}" height="10"/></svg>`;
}

/** A histogram: columns over one another's beginnings. @param noun what is counted */
export function histogram(
  columns: readonly Column[],
  title: string,
  noun: string,
  size: 'large' | 'small',
): string {
  const most = largestOf(
    columns.map(({ count }) => count),
    1,
  );
  const step = WIDTH / columns.length;
  const shapes = columns.map(({ count, label }, i) => {
    const height = count === 0 ? 0 : Math.max(LEAST, round((count / most) * HEIGHT));
    const said = `${label}: ${countText(count)} ${noun}`;
    // The whole height answers the pointer.
    return `<g><title>${esc(said)}</title><rect class="hit" x="${round(i * step)}" width="${round(step)}" height="${HEIGHT}"/><rect class="fill" x="${round((i + GAP / 2) * step)}" y="${round(HEIGHT - height)}" width="${round((1 - GAP) * step)}" height="${height}"/></g>`;
  });
  const said = columns
    .filter(({ count }) => count > 0)
    .map(({ count, label }) => `${label}: ${countText(count)}`);
  const svg = `<svg class="columns" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"><title>${esc(title)}</title><desc>${esc(said.join('; '))}</desc>${shapes.join('')}</svg>`;
  return `<div class="histogram ${size}">${svg}<div class="axis" aria-hidden="true">${axis(columns, size)}</div></div>`;
}

/** As many labels as fit, first and last among them. */
function axis(columns: readonly Column[], size: 'large' | 'small'): string {
  const room = size === 'large' ? 9 : 3;
  const each = Math.max(1, Math.ceil(columns.length / room));
  return columns
    .map(({ start }, i) => `<span>${i % each === 0 ? `<i>${esc(start)}</i>` : ''}</span>`)
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
