/** A metric of a training job: an entry of AlgorithmSpecification.MetricDefinitions. */
export interface MetricDefinition {
  readonly name: string;
  /** A regular expression in Python's syntax. Its first group captures the value. */
  readonly regex: string;
}

/** A value of a metric. */
export interface MetricPoint {
  readonly host: string;
  /** Time of the log line in milliseconds since 1970. */
  readonly timeMs: number;
  readonly value: number;
}

/** The values of one metric. */
export interface MetricSeries {
  readonly name: string;
  readonly regex: string;
  readonly count: number;
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly points: readonly MetricPoint[];
  /** Describes a pattern that never matched, captured text that is not a number, or was stopped. */
  readonly problem: string | undefined;
}

/** All metrics of a training job. */
export interface MetricsReport {
  readonly metrics: readonly MetricSeries[];
}

/** Extracts metrics from the log lines of a training job. */
export class MetricLog {
  /** @throws UsageError for a pattern that is not a regular expression or uses unsupported syntax */
  constructor(_definitions: readonly MetricDefinition[]) {}

  /** Adds a log line, without its newline and without a prefix. Returns at once. */
  feed(_host: string, _line: string, _timeMs: number = Date.now()): void {}

  /** Returns the metrics of all lines so far. */
  report(): MetricsReport {
    return { metrics: [] };
  }
}
