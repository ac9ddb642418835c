import { UsageError } from '../../errors.ts';
import { withVisible } from '../manifest/json-cursor.ts';
import { groupCount, pythonRegex, RegexMistake } from './python-regex.ts';
import { type MatchResult, TimedMatcher } from './timed-matcher.ts';

/** Definition of a metric: an entry of AlgorithmSpecification.MetricDefinitions. */
export interface MetricDefinition {
  /** Name of the metric. */
  readonly name: string;
  /** A regular expression in Python's syntax. Its first group captures the value. */
  readonly regex: string;
}

/** A value of a metric. */
export interface MetricPoint {
  /** Name of the host. */
  readonly host: string;
  /** Time of the log line in milliseconds since 1970. */
  readonly timeMs: number;
  /** The value. */
  readonly value: number;
}

/** A summary of values. If `count` is 0, all other fields are undefined. */
export interface MetricSummary {
  /** Number of values. */
  readonly count: number;
  /** First value. */
  readonly first: number | undefined;
  /** Last value. */
  readonly last: number | undefined;
  /** Minimum. */
  readonly min: number | undefined;
  /** Maximum. */
  readonly max: number | undefined;
}

/** The values of one metric. */
export interface MetricSeries extends MetricSummary {
  /** Name of the metric. */
  readonly name: string;
  /** Expression that finds the value in the output of the program. */
  readonly regex: string;
  /** Summaries of the hosts that logged values, sorted by name. */
  readonly hosts: readonly (MetricSummary & {
    /** Name of the host. */
    readonly host: string;
  })[];
  /** The values in log order. A very long series is reduced to evenly spaced values. */
  readonly points: readonly MetricPoint[];
  /**
   * Description of a problem: the pattern never matched, has no group, captured text that is not a
   * number, or took too long. Undefined if there is none.
   */
  readonly problem: string | undefined;
}

/** All metrics of a training job. */
export interface MetricsReport {
  /** The metrics, in definition order. */
  readonly metrics: readonly MetricSeries[];
}

/** Formats a value with six significant digits. */
export function valueText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Maximum number of points per metric. When it is reached, every second point is dropped. */
const MAX_POINTS = 100_000;
/** Maximum number of lines to collect for a batch. */
const MAX_LINES = 1000;
/** Maximum number of characters to collect for a batch. */
const MAX_CHARACTERS: number = 4 * 1024 * 1024;
/** Maximum delay before collected lines are matched. */
const DELAY_MS = 100;
/** Maximum length of a line, as in CloudWatch's log events. */
const MAX_LINE: number = 256 * 1024;
/** Maximum number of characters of the log to quote in a problem. */
const EXAMPLE_CHARACTERS = 60;

/** Matches a number as Python and Java write it. CloudWatch supports neither NaN nor infinity. */
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/**
 * Extracts metrics from the log lines of a training job, as SageMaker does with MetricDefinitions:
 * applies each regular expression to each line and takes the first group of the first match as the
 * value. Ignores text that is not a number.
 *
 * Patterns are in Python's syntax. A pattern that takes more than half a second of processor time
 * on a line is disabled, and `report` describes the problem.
 *
 * @example
 * ```ts
 * import { MetricLog } from 'recordpipe/pipemode/train';
 * const log = new MetricLog([{ name: 'loss', regex: 'loss=([0-9.]+)' }]);
 * log.feed('algo-1', 'epoch 1 loss=0.5');
 * log.feed('algo-1', 'epoch 2 loss=0.25');
 * console.log(log.report().metrics[0].min); // 0.25
 * ```
 */
export class MetricLog {
  readonly #series: readonly Series[];
  readonly #matcher: TimedMatcher;
  #lines: string[] = [];
  #origins: { host: string; timeMs: number }[] = [];
  #characters = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @throws UsageError for an invalid pattern, or for unsupported syntax */
  constructor(definitions: readonly MetricDefinition[]) {
    const patterns = definitions.map(({ name, regex }) => {
      try {
        return pythonRegex(regex);
      } catch (error) {
        if (!(error instanceof RegexMistake)) throw error;
        throw new UsageError(
          `MetricDefinitions: invalid pattern ${regex} of metric ${name}: ${error.message}`,
          {
            cause: error,
          },
        );
      }
    });
    this.#series = definitions.map((definition, i) => new Series(definition, groupCount(patterns[i]) > 0));
    this.#matcher = new TimedMatcher(patterns);
  }

  /** Adds a log line, without its newline and host prefix. */
  feed(host: string, line: string, timeMs: number = Date.now()): void {
    if (this.#series.length === 0) return;
    this.#lines.push(line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line);
    this.#origins.push({ host, timeMs });
    this.#characters += line.length;
    if (this.#lines.length >= MAX_LINES || this.#characters >= MAX_CHARACTERS) this.#match();
    else this.#timer ??= setTimeout(() => this.#match(), DELAY_MS).unref();
  }

  /** Returns the metrics of all lines so far. */
  report(): MetricsReport {
    this.#match();
    return { metrics: this.#series.map((series) => series.result()) };
  }

  /** Matches the collected lines. */
  #match(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    const origins = this.#origins;
    this.#lines = [];
    this.#origins = [];
    this.#characters = 0;
    for (const result of this.#matcher.match(lines))
      this.#series[result.pattern].take(result, origins[result.line], lines[result.line]);
  }
}

/** The values of one metric so far. */
class Series {
  readonly #definition: MetricDefinition;
  readonly #hasGroup: boolean;
  #points: MetricPoint[] = [];
  /** Interval, in values, between points that are kept. */
  #stride = 1;
  #matches = 0;
  readonly #total = new Summary();
  readonly #hosts = new Map<string, Summary>();
  #notNumbers = 0;
  #example = '';
  #slowLine: string | undefined;

  constructor(definition: MetricDefinition, hasGroup: boolean) {
    this.#definition = definition;
    this.#hasGroup = hasGroup;
  }

  take(result: MatchResult, origin: { host: string; timeMs: number }, line: string): void {
    if ('stopped' in result) {
      this.#slowLine = line;
      return;
    }
    this.#matches++;
    const { text } = result;
    if (text === undefined || !NUMBER.test(text)) {
      if (this.#notNumbers === 0) this.#example = text ?? '';
      this.#notNumbers++;
      return;
    }
    this.#add({ ...origin, value: Number(text) });
  }

  #add(point: MetricPoint): void {
    const { host, value } = point;
    const index = this.#total.count;
    this.#total.add(value);
    const own = this.#hosts.get(host) ?? new Summary();
    this.#hosts.set(host, own);
    own.add(value);
    if (index % this.#stride !== 0) return;
    this.#points.push(point);
    if (this.#points.length < MAX_POINTS) return;
    this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  result(): MetricSeries {
    const hosts = [...this.#hosts].map(([host, summary]) => ({ host, ...summary.result() }));
    return {
      ...this.#definition,
      ...this.#total.result(),
      hosts: hosts.sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true })),
      points: [...this.#points],
      problem: this.#problem(),
    };
  }

  #problem(): string | undefined {
    const { name, regex } = this.#definition;
    if (this.#slowLine !== undefined)
      return `${name}: the pattern ${regex} takes too long on the line ${example(this.#slowLine)} and was disabled; avoid nested repetitions such as (a+)+`;
    if (!this.#hasGroup)
      return `${name}: the pattern ${regex} has no group, so it captures no value; put the number in parentheses`;
    if (this.#matches === 0)
      return `${name}: the pattern ${regex} matched no line of the log; compare it with the output of the program`;
    if (this.#notNumbers === 0) return undefined;
    const times = this.#notNumbers === 1 ? 'once' : `${this.#notNumbers} times`;
    return `${name}: the pattern ${regex} captured text that is not a number ${times}, first ${example(this.#example)}; make its first group match only the number`;
  }
}

class Summary {
  count = 0;
  #first: number | undefined;
  #last: number | undefined;
  #min: number | undefined;
  #max: number | undefined;

  add(value: number): void {
    this.count++;
    this.#first ??= value;
    this.#last = value;
    this.#min = Math.min(this.#min ?? value, value);
    this.#max = Math.max(this.#max ?? value, value);
  }

  result(): MetricSummary {
    return { count: this.count, first: this.#first, last: this.#last, min: this.#min, max: this.#max };
  }
}

/** Quotes and shortens a part of the log. */
function example(text: string): string {
  const characters = Array.from(text.slice(0, 2 * EXAMPLE_CHARACTERS));
  const isCut = characters.length > EXAMPLE_CHARACTERS || text.length > 2 * EXAMPLE_CHARACTERS;
  const shown = isCut ? `${characters.slice(0, EXAMPLE_CHARACTERS).join('')}…` : text;
  return withVisible(JSON.stringify(shown));
}
