import type { JobPlaces } from './training-job.ts';
import type { JobHost, TrainingRequest } from './training-request.ts';

/** What SageMaker's training toolkit gives to the program of one host. */
export interface HostEnvironment {
  /** Environment variables by name. */
  readonly variables: Readonly<Record<string, string>>;
  /** Arguments to append to the command of a program: the hyperparameters. */
  readonly programArguments: readonly string[];
}

/** Returns the variables and arguments of the program of one host. */
export function hostEnvironment(
  _request: TrainingRequest,
  _host: JobHost,
  _places: JobPlaces,
  _entryPoint: string,
): HostEnvironment {
  return { variables: {}, programArguments: [] };
}

/** Creates the folders of one host and writes its files in `input/config`. */
export function writeJobFiles(_request: TrainingRequest, _host: JobHost, _places: JobPlaces): void {
  // Follows.
}
