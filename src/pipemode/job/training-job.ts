import { join, resolve } from 'node:path';

/** The folder of a training job in SageMaker's containers. */
export const JOB_ROOT = '/opt/ml';

/** The folders and files of a training job. All paths are absolute. */
export interface JobPaths {
  /** The folder that represents `/opt/ml`. */
  readonly root: string;
  /** The folder of the channels' files and named pipes: `input/data`. */
  readonly pipeDir: string;
  /** The folder of `inputdataconfig.json` and the other files that describe the job: `input/config`. */
  readonly configDir: string;
  /** The folder that stores the epoch index of `PipeModeDataset`: `pipe_state`. */
  readonly stateDir: string;
  /** The folder of the model: `model`. */
  readonly modelDir: string;
  /** The folder of all other output: `output`. */
  readonly outputDir: string;
  /** The folder of the training code: `code`. */
  readonly codeDir: string;
  /** The default folder of checkpoints: `checkpoints`. */
  readonly checkpointDir: string;
  /** The file to which a program writes the reason for its failure: `output/failure`. */
  readonly failureFile: string;
  /** The folder whose files SageMaker uploads during training: `output/intermediate`. */
  readonly intermediateDir: string;
}

/**
 * Returns the folders and files of a training job below `root`.
 *
 * @example
 * ```ts
 * import { jobPaths } from 'recordpipe/pipemode/train';
 * console.log(jobPaths('/opt/ml').pipeDir); // /opt/ml/input/data
 * ```
 */
export function jobPaths(root: string): JobPaths {
  const below = (path: string): string => resolve(root, path);
  return {
    root: resolve(root),
    pipeDir: below('input/data'),
    configDir: below('input/config'),
    stateDir: below('pipe_state'),
    modelDir: below('model'),
    outputDir: below('output'),
    codeDir: below('code'),
    checkpointDir: below('checkpoints'),
    failureFile: below('output/failure'),
    intermediateDir: below('output/intermediate'),
  };
}

/** Converts a path in SageMaker's containers to a path below the root of a job. */
export function localPath(path: string, { root }: JobPaths): string {
  const inside = path === JOB_ROOT || path.startsWith(`${JOB_ROOT}/`);
  return inside ? join(root, path.slice(JOB_ROOT.length)) : path;
}
