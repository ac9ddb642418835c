import type { ErrorJson } from 'recordpipe/errors';
import type { MetricSeries, TrainingEvent, TrainingResult } from 'recordpipe/pipemode/train';

// The JSON of `stream` and `train` that no library type describes.

/** A warning that an option or a field of the request has no effect. */
export interface OptionWarning {
  /** Kind of the line. */
  readonly event: 'warning';
  /** Identifies the kind of warning. */
  readonly code: 'not-honored';
  /** Human-readable description. */
  readonly message: string;
}

/** A line of `train --json`. */
export type TrainLine =
  | Exclude<TrainingEvent, { readonly event: 'filling' }>
  | OptionWarning
  | TrainFailure
  | TrainResultLine;

/** A failure that occurred before the job started. No other line is printed. */
export interface TrainFailure {
  /** Kind of the line. */
  readonly event: 'error';
  /** The error. */
  readonly error: ErrorJson;
}

/** The last line, with the outcome of the job. */
export interface TrainResultLine extends Omit<TrainingResult, 'error' | 'metrics'> {
  /** Kind of the line. */
  readonly event: 'result';
  /** Data error or environment error that ended the job; null if no such error occurred. */
  readonly error: ErrorJson | null;
  /** Summary of each metric, without its points. */
  readonly metrics: readonly Omit<MetricSeries, 'points'>[];
}

/** The values of the metrics of a job. */
export interface MetricsDocument {
  /** Name of the job. */
  readonly job: string;
  /** The metrics, in definition order. */
  readonly metrics: readonly MetricDocument[];
}

/** Number and range of the values of a metric. */
export interface MetricValues {
  /** Number of values. */
  readonly count: number;
  /** First value; null if there are no values. */
  readonly first: number | null;
  /** Last value; null if there are no values. */
  readonly last: number | null;
  /** Minimum value; null if there are no values. */
  readonly min: number | null;
  /** Maximum value; null if there are no values. */
  readonly max: number | null;
}

/** A metric of a job. */
export interface MetricDocument extends MetricValues {
  /** Name of the metric. */
  readonly name: string;
  /** Regular expression that finds the values in the output of the program. */
  readonly regex: string;
  /**
   * Description of a problem with the regular expression or its matches; null if there is no
   * problem.
   */
  readonly problem: string | null;
  /** Summary of the values on each host. */
  readonly hosts: readonly HostMetric[];
  /** The values of all hosts, in output order. */
  readonly points: readonly MetricValue[];
}

/** A metric on one host. */
export interface HostMetric extends MetricValues {
  /** Name of the host. */
  readonly host: string;
}

/** A value of a metric. */
export interface MetricValue {
  /** Name of the host. */
  readonly host: string;
  /** Time at which the program printed the value, as an ISO 8601 time in UTC. */
  readonly time: string;
  /** The value. */
  readonly value: number;
}
