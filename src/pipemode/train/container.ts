/** A training job's container on this machine. */
export interface ContainerOptions {
  readonly image: string;
  /** The folder that the container sees as `/opt/ml`. */
  readonly root: string;
  /** Variables of the program. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program and its arguments. If empty, the image's own entry point runs. */
  readonly command: readonly string[];
  /** Arguments for the image's own entry point, such as `train`. Used if `command` is empty. */
  readonly arguments?: readonly string[] | undefined;
  /** A unique name of the container. */
  readonly name: string;
  /** Whether the container may use the GPUs of this machine. */
  readonly gpus?: boolean | undefined;
  /** User and group of the program, such as `1000:1000`. The default is that of the image. */
  readonly user?: string | undefined;
}

/** Returns the command line that runs a training job's container through the docker or podman CLI. */
export function containerCommand({ image }: ContainerOptions): readonly string[] {
  return ['docker', 'run', '--rm', image];
}
