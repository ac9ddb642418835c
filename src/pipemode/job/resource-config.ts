import {
  CONFIG_DIR,
  configPath,
  configText,
  configTexts,
  duplicateIn,
  malformed,
  readConfigFile,
  writeConfigFile,
} from './config-file.ts';

/** The hosts of a training job, as described in `resourceconfig.json`. */
export interface ResourceConfig {
  /** Name of the host that this process runs on. */
  readonly current_host: string;
  /** Names of all hosts of the job, including this one. */
  readonly hosts: readonly string[];
  /** Name of the network interface that the hosts use. */
  readonly network_interface_name?: string;
  /** Instance type of this host. */
  readonly current_instance_type?: string;
  /** Instance group of this host. */
  readonly current_group_name?: string;
  /** Other fields of the file. */
  readonly [key: string]: unknown;
}

/** The hosts of a job. */
export type Hosts = Pick<ResourceConfig, 'current_host' | 'hosts'>;

/** The configuration of a job on a single host. */
export const ONE_HOST: ResourceConfig = Object.freeze({
  current_host: 'algo-1',
  hosts: Object.freeze(['algo-1']),
  network_interface_name: 'lo',
});

/**
 * Reads `resourceconfig.json`, which describes the hosts of this training job.
 *
 * @param configDir the folder of the file; by default, SageMaker's `/opt/ml/input/config`
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` for a file
 * that SageMaker would not write
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { hostRank, readResourceConfig } from 'recordpipe/pipemode';
 * const configDir = mkdtempSync('/tmp/config-');
 * writeFileSync(`${configDir}/resourceconfig.json`, '{"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}');
 * console.log(hostRank(readResourceConfig(configDir))); // { rank: 1, hosts: 2 }
 * ```
 */
export function readResourceConfig(configDir: string = CONFIG_DIR): ResourceConfig {
  const path = configPath(configDir, 'resourceconfig');
  const config = readConfigFile(path);
  const current_host = configText(config['current_host'], 'current_host', path);
  const hosts = configTexts(config['hosts'], 'hosts', path);
  if (current_host === undefined) throw malformed('current_host: expected a string, got none', path);
  const mistake = hostsMistake({ current_host, hosts });
  if (mistake !== undefined) throw malformed(mistake, path);
  for (const key of ['network_interface_name', 'current_instance_type', 'current_group_name'])
    configText(config[key], key, path);
  return config as unknown as ResourceConfig;
}

/** Writes `resourceconfig.json`. */
export function writeResourceConfig(configDir: string, config: ResourceConfig): void {
  writeConfigFile(configPath(configDir, 'resourceconfig'), config);
}

/**
 * Describes the mistake in a list of hosts. Returns undefined if the list is valid. Names must be
 * unique, because two hosts with the same name would both receive the share of the first.
 */
export function hostsMistake({ current_host, hosts }: Hosts): string | undefined {
  const duplicate = duplicateIn(hosts);
  if (duplicate !== undefined) return `hosts: expected distinct names, got ${duplicate} twice`;
  if (hosts.includes(current_host)) return undefined;
  return `current_host: expected one of the hosts (${hosts.join(', ')}), got ${JSON.stringify(current_host)}`;
}

/**
 * Returns the number of hosts and the rank of this host for `dataset.shard(hosts, rank)`. The
 * rank is the zero-based position of this host in the sorted host names.
 *
 * @example
 * ```ts
 * import { hostRank } from 'recordpipe/pipemode';
 * console.log(hostRank({ current_host: 'algo-1', hosts: ['algo-2', 'algo-1'] })); // { rank: 0, hosts: 2 }
 * ```
 */
export function hostRank({ current_host, hosts }: Hosts): { rank: number; hosts: number } {
  return { rank: [...hosts].sort().indexOf(current_host), hosts: hosts.length };
}
