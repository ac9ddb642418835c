import type { ObjectOptions } from '../../storage/object-options.ts';

/** The folders of one host that contain artifacts. */
export interface ArtifactPlaces {
  /** Name of the host, for messages. */
  readonly host: string;
  readonly modelDir: string;
  /** The folder that contains `data/` and the file `failure`. */
  readonly outputDir: string;
}

/** Destination of the artifacts of a job: OutputDataConfig. */
export interface ArtifactOutput {
  readonly uri: string;
  readonly compression: 'GZIP' | 'NONE';
}

/** Options for saving artifacts. */
export interface ArtifactOptions {
  readonly overwrite: boolean;
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onWarning: (code: string, message: string) => void;
}

/** Addresses of the saved artifacts. Undefined if the program wrote none. */
export interface SavedArtifacts {
  readonly model?: string | undefined;
  readonly output?: string | undefined;
}

/** Rejects artifacts of an earlier run that would be replaced. Call it before the program starts. */
export async function checkArtifacts(
  _output: ArtifactOutput,
  _jobName: string,
  _options: Partial<ArtifactOptions> = {},
): Promise<void> {}

/** Saves the artifacts of all hosts below the output address of the job. */
export async function saveArtifacts(
  _hosts: readonly ArtifactPlaces[],
  _output: ArtifactOutput,
  _jobName: string,
  _options: Partial<ArtifactOptions> = {},
): Promise<SavedArtifacts> {
  return {};
}
