import type { ErrorJson } from 'recordpipe/errors';
import type { MetricSeries, TrainingEvent, TrainingResult } from 'recordpipe/pipemode/train';

// The JSON of `stream` and `train` that no library type describes.

/** An option or a field of the request has no effect. */
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

/** A failure before the job started. It is the only line. */
export interface TrainFailure {
  /** Kind of the line. */
  readonly event: 'error';
  /** The error. */
  readonly error: ErrorJson;
}

/** The outcome of the job. It is the last line. */
export interface TrainResultLine extends Omit<TrainingResult, 'error' | 'metrics'> {
  /** Kind of the line. */
  readonly event: 'result';
  /** The error of the data or the environment that ended the job; null if there is none. */
  readonly error: ErrorJson | null;
  /** Summary of each metric, without its points. */
  readonly metrics: readonly Omit<MetricSeries, 'points'>[];
}

/** The values of the metrics of a job. */
export interface MetricsDocument {
  /** Name of the job. */
  readonly job: string;
  /** The metrics, in the order of their definitions. */
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
  /** Expression that finds the value in the output of the program. */
  readonly regex: string;
  /** Reason why the expression cannot find values; null if it can. */
  readonly problem: string | null;
  /** Values by host. */
  readonly hosts: readonly HostMetric[];
  /** All values, in the order of the output. */
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
  /** Time of the line of output, in UTC, as ISO 8601. */
  readonly time: string;
  /** The value. */
  readonly value: number;
}
