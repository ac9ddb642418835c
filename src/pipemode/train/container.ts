import { basename } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { programPath } from '../job/find-program.ts';
import { PROGRAM_VARIABLE } from '../streamer/program-guard.ts';

/** A training job's container on this machine. */
export interface ContainerOptions {
  readonly image: string;
  /** The folder that the container sees as `/opt/ml`, as an absolute path. */
  readonly root: string;
  /** Variables of the program. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program and its arguments. If empty, the image's own entry point runs. */
  readonly command: readonly string[];
  /** Arguments for the image's own entry point, if `command` is empty. The default is `train`. */
  readonly arguments?: readonly string[] | undefined;
  /** A unique name of the container. */
  readonly name: string;
  /** Host names that the program resolves, and their addresses. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
  /** Further folders that the container sees, read-only and under the same path. */
  readonly folders?: readonly string[] | undefined;
  /** Whether the container may use the GPUs of this machine. */
  readonly gpus?: boolean | undefined;
  /** User and group of the program, such as `1000:1000`. The default is that of the image. */
  readonly user?: string | undefined;
  /** Time between SIGTERM and SIGKILL if the container is stopped by other means. */
  readonly graceMs?: number | undefined;
}

/**
 * Variables that change what the docker or podman CLI itself does. Their values are part of its
 * command line, all others are passed to it in its environment, where other users cannot see them.
 */
const CLIENT_VARIABLES =
  /^(PATH|HOME|TMPDIR|LD_.*|DOCKER_.*|CONTAINER.*|BUILDAH_.*|PODMAN_.*|STORAGE_.*|XDG_.*|GODEBUG|SSH_.*|SSL_.*|[a-z]*_proxy|[A-Z]*_PROXY)$/;

/**
 * Returns the command line that runs a training job's container through the docker or podman CLI,
 * as SageMaker does: `root` is `/opt/ml`, the entry point of the image receives `train` unless
 * `command` or `arguments` say otherwise, and the network is that of the host. The exit code is
 * that of the program. SIGTERM to the command reaches the program. SIGKILL does not:
 * {@link containerKillCommand} ends the container.
 *
 * Pass {@link containerEnvironment} as the environment of the command.
 *
 * @throws RecordpipeError `unsupported-source` without docker and podman
 */
export function containerCommand(options: ContainerOptions): readonly string[] {
  const { image, root, environment, command, hosts = {}, folders = [], user, gpus = false, name } = options;
  const client = clientPath();
  const isPodman = basename(client) === 'podman';
  const words = [client, 'run', '--rm', '--name', name];
  // An init process, without which the program would ignore SIGTERM. Podman needs a package for it.
  if (!isPodman) words.push('--init');
  // The program shares memory of workers, for which a container by default has 64 MiB.
  words.push('--network', 'host', '--ipc', 'host', '--stop-signal', 'SIGTERM');
  // Without this, SELinux hides the folder from the container.
  words.push('--security-opt', 'label=disable');
  if (options.graceMs !== undefined) words.push('--stop-timeout', String(Math.ceil(options.graceMs / 1000)));
  words.push('--mount', mount(root, '/opt/ml'));
  for (const folder of folders) words.push('--mount', `${mount(folder, folder)},readonly`);
  for (const [host, address] of Object.entries(hosts)) words.push('--add-host', `${host}:${address}`);
  if (gpus) words.push(...(isPodman ? ['--device', 'nvidia.com/gpu=all'] : ['--gpus', 'all']));
  if (user !== undefined) words.push('--user', user);
  for (const [variable, value] of Object.entries(environment))
    words.push('--env', CLIENT_VARIABLES.test(variable) ? `${variable}=${value}` : variable);
  // Where the processes of the container are visible, they are found by this variable.
  words.push('--env', PROGRAM_VARIABLE);
  const [entryPoint, ...rest] = command;
  if (entryPoint === undefined) return [...words, image, ...(options.arguments ?? ['train'])];
  return [...words, '--entrypoint', entryPoint, image, ...rest];
}

/** Returns the variables that {@link containerCommand} expects in its own environment. */
export function containerEnvironment({
  environment,
}: Pick<ContainerOptions, 'environment'>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !CLIENT_VARIABLES.test(name)));
}

/** Returns the command line that ends and removes a container, in whatever state it is. */
export function containerKillCommand({ name }: Pick<ContainerOptions, 'name'>): readonly string[] {
  return [clientPath(), 'rm', '--force', '--volumes', name];
}

function clientPath(): string {
  const path = programPath('docker') ?? programPath('podman');
  if (path !== undefined) return path;
  const what = 'running a container image needs the docker or podman program; install one of them';
  throw new RecordpipeError('unsupported-source', what, {});
}

/** Returns a mount in the CSV syntax of `--mount`. */
function mount(source: string, target: string): string {
  return ['type=bind', field(`source=${source}`), field(`target=${target}`)].join(',');
}

function field(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
