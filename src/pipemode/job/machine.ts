import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, networkInterfaces } from 'node:os';
import type { Variables } from './environment.ts';
import { programPath } from './find-program.ts';

/** Maximum time for a program that lists accelerators. */
const LIST_MS = 10_000;

/** Returns the number of CPUs, including those that this process may not use. */
export function cpuCount(): number {
  return cpus().length || availableParallelism();
}

/** Returns the number of GPUs that `nvidia-smi` lists, or 0 if that program is not installed. */
export function gpuCount(variables: Variables): number {
  const list = outputOf('nvidia-smi', ['--list-gpus'], variables);
  return list.split('\n').filter((line) => line.startsWith('GPU ')).length;
}

/** The instance type for which SageMaker's toolkit has a fixed number of Neuron cores. */
const TRN2 = { type: 'trn2.48xlarge', neurons: 64 };

/**
 * Returns the number of Neuron cores that `neuron-ls` lists, or 0 if that program is not installed.
 */
export function neuronCount(instanceType: string, variables: Variables): number {
  if (instanceType.includes(TRN2.type)) return TRN2.neurons;
  const list = outputOf('neuron-ls', ['-j'], variables);
  try {
    const devices = JSON.parse(list) as readonly { readonly nc_count?: number }[];
    return devices.reduce((sum, { nc_count = 0 }) => sum + nc_count, 0);
  } catch {
    return 0;
  }
}

/**
 * Returns the name of the network interface for the hosts of a job. This is SageMaker's `eth0` if
 * this machine has one. Otherwise, it is the loopback interface, because programs bind to the
 * interface.
 */
export function networkInterfaceName(): string {
  const interfaces = networkInterfaces();
  if (Object.hasOwn(interfaces, 'eth0')) return 'eth0';
  const loopback = Object.entries(interfaces).find(([, addresses]) =>
    addresses?.some(({ internal }) => internal),
  );
  return loopback?.[0] ?? 'lo';
}

function outputOf(program: string, args: readonly string[], variables: Variables): string {
  const path = programPath(program, variables['PATH'] ?? '');
  if (path === undefined) return '';
  try {
    return execFileSync(path, args, {
      encoding: 'utf8',
      timeout: LIST_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: variables,
    });
  } catch {
    return '';
  }
}
