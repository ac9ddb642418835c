import { median, sizeName, threeDigits } from './statistics.mjs';

/**
 * A measured figure, or the reason why it is missing. `cores` is `one` if the process was kept on
 * one core. `rounds` are in `unit`. `records` is the number of records that a peer read if it
 * stopped early.
 * @typedef {{ group: string, format?: string, size?: number, who: string, what: string, cores:
 *   'one' | 'all', version?: string, records?: number, unit: 'GB/s' | 's/GB' | 'records/s' |
 *   'rows/s' | 'images/s' | 'objects/s' | 'parts' | 'ms' | 'MiB' |
 *   'bytes', median: number, rounds: number[] } | {
 *   group: string, format?: string, size?: number, who: string, what: string, cores: 'one' | 'all',
 *   skipped?: string, failed?: string }} Figure
 */

/** The figures of one run. */
export class Results {
  /** @type {Figure[]} */
  figures = [];

  constructor(machine, settings) {
    this.machine = machine;
    this.settings = settings;
  }

  get failed() {
    return this.figures.filter(({ failed }) => failed !== undefined).length;
  }

  get skipped() {
    return this.figures.filter(({ skipped }) => skipped !== undefined).length;
  }

  /** Adds a figure. Returns a line that describes it. */
  add({ rounds, ...figure }) {
    const { group, format, size, who, what, cores, unit } = figure;
    const name = `${group}${format === undefined ? '' : ` ${format}`}${size === undefined ? '' : ` ${sizeName(size)}`}: ${who} ${what}${cores === 'one' ? ', one core' : ''}`;
    if (figure.skipped !== undefined || figure.failed !== undefined) {
      this.figures.push(figure);
      return figure.failed === undefined
        ? `skipped: ${name} (${figure.skipped})`
        : `failed: ${name} (${figure.failed})`;
    }
    const rounded = rounds.map((value) => Number(value.toPrecision(5)));
    const middle = median(rounded);
    this.figures.push({ ...figure, median: middle, rounds: rounded });
    const range = `${threeDigits(Math.min(...rounds))} to ${threeDigits(Math.max(...rounds))}`;
    return `${name}: ${threeDigits(middle)} ${unit} (${range})`;
  }

  toJSON() {
    const { machine, settings, figures } = this;
    return { machine, settings, figures };
  }
}
