import { basename } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { programPath } from '../job/find-program.ts';
import { PROGRAM_VARIABLE } from '../streamer/program-guard.ts';

/** Options for running a training job's container on this machine. */
export interface ContainerOptions {
  readonly image: string;
  /** The folder that the container sees as `/opt/ml`, as an absolute path. */
  readonly root: string;
  /** Environment variables of the program. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program and its arguments. If empty, the entry point of the image runs. */
  readonly command: readonly string[];
  /** Arguments for the entry point of the image if `command` is empty. The default is `train`. */
  readonly arguments?: readonly string[] | undefined;
  /** A unique name for the container. */
  readonly name: string;
  /** Host names that the program can resolve, with their addresses. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
  /** Additional folders that the container sees read-only under the same paths. */
  readonly folders?: readonly string[] | undefined;
  /** Whether the container may use the GPUs of this machine. */
  readonly gpus?: boolean | undefined;
  /** User and group of the program, such as `1000:1000`. By default, those of the image. */
  readonly user?: string | undefined;
  /** Time between SIGTERM and SIGKILL if another program stops the container. */
  readonly graceMs?: number | undefined;
}

/**
 * Variables that affect the docker or podman CLI itself. Their values are passed on its command
 * line. All others are passed in its environment, where other users cannot see them.
 */
const CLIENT_VARIABLES =
  /^(PATH|HOME|TMPDIR|LD_.*|DOCKER_.*|CONTAINER.*|BUILDAH_.*|PODMAN_.*|STORAGE_.*|XDG_.*|GODEBUG|SSH_.*|SSL_.*|[a-z]*_proxy|[A-Z]*_PROXY)$/;

/**
 * Returns the command line that runs a training job's container through the docker or podman CLI,
 * as SageMaker does: `root` is `/opt/ml`, the entry point of the image receives `train` unless
 * `command` or `arguments` override this, and the container uses the host's network. The exit code
 * is that of the program. SIGTERM to the command reaches the program, but SIGKILL does not; end the
 * container with {@link containerKillCommand}.
 *
 * Pass {@link containerEnvironment} as the environment of the command.
 *
 * @throws RecordpipeError `unsupported-source` if neither docker nor podman is installed
 */
export function containerCommand(options: ContainerOptions): readonly string[] {
  const { image, root, environment, command, hosts = {}, folders = [], user, gpus = false, name } = options;
  const client = clientPath();
  const isPodman = basename(client) === 'podman';
  const words = [client, 'run', '--rm', '--name', name];
  // Without an init process, the program would ignore SIGTERM. Podman's --init requires another
  // package, so it is not used.
  if (!isPodman) words.push('--init');
  // Worker processes share memory, which a container limits to 64 MiB by default.
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
  // If the container's processes are visible to the host, they are found by this variable.
  words.push('--env', PROGRAM_VARIABLE);
  const [entryPoint, ...rest] = command;
  if (entryPoint === undefined) return [...words, image, ...(options.arguments ?? ['train'])];
  return [...words, '--entrypoint', entryPoint, image, ...rest];
}

/** Returns the environment variables that {@link containerCommand} expects. */
export function containerEnvironment({
  environment,
}: Pick<ContainerOptions, 'environment'>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !CLIENT_VARIABLES.test(name)));
}

/** Returns the command line that stops and removes a container in any state. */
export function containerKillCommand({ name }: Pick<ContainerOptions, 'name'>): readonly string[] {
  return [clientPath(), 'rm', '--force', '--volumes', name];
}

function clientPath(): string {
  const path = programPath('docker') ?? programPath('podman');
  if (path !== undefined) return path;
  const what = 'running a container image requires docker or podman; install one of them';
  throw new RecordpipeError('unsupported-source', what, {});
}

/** Returns a mount in the CSV syntax of `--mount`. */
function mount(source: string, target: string): string {
  return ['type=bind', field(`source=${source}`), field(`target=${target}`)].join(',');
}

function field(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
