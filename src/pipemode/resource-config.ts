import { join } from 'node:path';
import { CONFIG_DIR, configText, configTexts, malformed, readConfigFile } from './config-file.ts';

/** The machines of a training job, as `resourceconfig.json` describes them. */
export interface ResourceConfig {
  /** The machine that this process runs on. */
  readonly current_host: string;
  /** All machines of the job, this one included. */
  readonly hosts: readonly string[];
  readonly network_interface_name?: string;
  readonly current_instance_type?: string;
  readonly current_group_name?: string;
  readonly [key: string]: unknown;
}

/**
 * The machines of this training job: `resourceconfig.json` of `configDir`, by default SageMaker's `/opt/ml/input/config`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` when the file is not what SageMaker writes
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
  const path = join(configDir, 'resourceconfig.json');
  const config = readConfigFile(configDir, 'resourceconfig.json');
  const current = configText(config['current_host'], 'current_host', path);
  const hosts = configTexts(config['hosts'], 'hosts', path);
  if (current === undefined) throw malformed('current_host: expected a string, got none', path);
  if (!hosts.includes(current)) {
    throw malformed(
      `current_host: expected one of hosts (${hosts.join(', ')}), got ${JSON.stringify(current)}`,
      path,
    );
  }
  const twice = hosts.find((name, i) => hosts.indexOf(name) !== i);
  if (twice !== undefined) throw malformed(`hosts: expected distinct names, got ${twice} twice`, path);
  for (const key of ['network_interface_name', 'current_instance_type', 'current_group_name'])
    configText(config[key], key, path);
  return config as unknown as ResourceConfig;
}

/**
 * Which of the machines this one is, for `dataset.shard(hosts, rank)`: its place, from 0, in the sorted names.
 *
 * @example
 * ```ts
 * import { hostRank } from 'recordpipe/pipemode';
 * console.log(hostRank({ current_host: 'algo-1', hosts: ['algo-2', 'algo-1'] })); // { rank: 0, hosts: 2 }
 * ```
 */
export function hostRank({ current_host, hosts }: Pick<ResourceConfig, 'current_host' | 'hosts'>): {
  rank: number;
  hosts: number;
} {
  return { rank: [...hosts].sort().indexOf(current_host), hosts: hosts.length };
}
