import { largestOf } from '../../bytes/extremes.ts';
import type { Column } from '../value-bars.ts';
import { countText } from '../words.ts';
import { html, type Markup } from './escape.ts';

/** Units of the drawings, which stretch to the available space. */
const WIDTH = 1000;
const HEIGHT = 100;
/** Share of a column's width. */
const GAP = 0.14;
/** Height of the lowest column that is not zero, so that it can be seen. */
const MIN_HEIGHT = 1.5;

/** A share from 0 to 1 as a bar. @param title describes it to screen readers */
export function shareBar(share: number, title: string, kind: '' | 'bad' = ''): Markup {
  const width = share === 0 ? 0 : Math.max(4, round(share * WIDTH));
  return html`<svg class="bar" role="img" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none"><title>${title}</title><rect class="track" width="${WIDTH}" height="10"/><rect class="fill ${kind}" width="${width}" height="10"/></svg>`;
}

/** A histogram. @param noun names what is counted */
export function histogram(
  columns: readonly Column[],
  title: string,
  noun: string,
  size: 'large' | 'small',
): Markup {
  const most = largestOf(
    columns.map(({ count }) => count),
    1,
  );
  const step = WIDTH / columns.length;
  const shapes = columns.map(({ count, label }, i) => {
    const height = count === 0 ? 0 : Math.max(MIN_HEIGHT, round((count / most) * HEIGHT));
    const said = `${label}: ${countText(count)} ${noun}`;
    // The whole height reacts to the pointer.
    return html`<g><title>${said}</title><rect class="hit" x="${round(i * step)}" width="${round(step)}" height="${HEIGHT}"/><rect class="fill" x="${round((i + GAP / 2) * step)}" y="${round(HEIGHT - height)}" width="${round((1 - GAP) * step)}" height="${height}"/></g>`;
  });
  const said = columns
    .filter(({ count }) => count > 0)
    .map(({ count, label }) => `${label}: ${countText(count)}`);
  const svg = html`<svg class="columns" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"><title>${title}</title><desc>${said.join('; ')}</desc>${shapes}</svg>`;
  return html`<div class="histogram ${size}">${svg}<div class="axis" aria-hidden="true">${axis(columns, size)}</div></div>`;
}

/** As many labels as fit. */
function axis(columns: readonly Column[], size: 'large' | 'small'): Markup[] {
  const room = size === 'large' ? 9 : 3;
  const each = Math.max(1, Math.ceil(columns.length / room));
  return columns.map(({ start }, i) => html`<span>${i % each === 0 ? html`<i>${start}</i>` : ''}</span>`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
