import { RecordpipeError } from '../../errors.ts';
import { type Claim, shown, type Variables } from './claim.ts';

/** The text of a file; undefined where there is none. */
export type ReadText = (path: string) => string | undefined;

const PROCESSING = '/opt/ml/config';
const TRAINING = '/opt/ml/input/config';
const SHARDED = 'ShardedByS3Key';

/**
 * SageMaker's Processing jobs, which have their machines in a file and in no variable. Source: its developer guide, "How Amazon SageMaker Processing configures your
 * processing container".
 */
export function processing(readText: ReadText): Claim | undefined {
  return fromHosts('sagemaker-processing', `${PROCESSING}/resourceconfig.json`, readText);
}

/** SageMaker's training jobs. Source: its developer guide, "How Amazon SageMaker provides training information". */
export function training(variables: Variables, readText: ReadText): Claim | undefined {
  const claim = fromHosts('sagemaker-training', `${TRAINING}/resourceconfig.json`, readText);
  const { SM_HOSTS: list, SM_CURRENT_HOST: current } = variables;
  if (claim !== undefined || list === undefined || current === undefined) return claim;
  return claimOf(
    'sagemaker-training',
    shown(variables, 'SM_CURRENT_HOST', 'SM_HOSTS'),
    current,
    json(list, 'SM_HOSTS'),
  );
}

/** Folders of inputs of which this machine has been given its part already. */
export function shardedFolders(readText: ReadText): string[] {
  const job = object(
    readText(`${PROCESSING}/processingjobconfig.json`),
    `${PROCESSING}/processingjobconfig.json`,
  );
  const channels = object(readText(`${TRAINING}/inputdataconfig.json`), `${TRAINING}/inputdataconfig.json`);
  const inputs = Array.isArray(job?.['ProcessingInputs']) ? job['ProcessingInputs'] : [];
  const processed = inputs.flatMap((input: { S3Input?: Record<string, unknown> }) => {
    const { S3DataDistributionType: kind, LocalPath: folder } = input?.S3Input ?? {};
    return kind === SHARDED && typeof folder === 'string' ? [folder] : [];
  });
  const trained = Object.entries(channels ?? {}).flatMap(([name, channel]) =>
    (channel as { S3DistributionType?: unknown } | null)?.S3DistributionType === SHARDED
      ? [`/opt/ml/input/data/${name}`]
      : [],
  );
  return [...processed, ...trained];
}

function fromHosts(engine: Claim['engine'], path: string, readText: ReadText): Claim | undefined {
  const config = object(readText(path), path);
  if (config === undefined) return undefined;
  return claimOf(engine, path, config['current_host'], config['hosts']);
}

/** The place of a machine in the sorted names: the files list them in different orders. */
function claimOf(engine: Claim['engine'], by: string, current: unknown, hosts: unknown): Claim {
  const isList = Array.isArray(hosts) && hosts.every((host) => typeof host === 'string');
  const names: string[] = isList ? [...new Set<string>(hosts)].sort() : [];
  const index = typeof current === 'string' ? names.indexOf(current) : -1;
  if (index >= 0) return { engine, by: `${by}: ${current} of ${names.length}`, index, count: names.length };
  const text = `current_host: expected one of hosts, ${JSON.stringify(hosts)}, got ${JSON.stringify(current)}`;
  throw new RecordpipeError('malformed-config', text, { uri: by });
}

function object(text: string | undefined, path: string): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  const value = json(text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new RecordpipeError('malformed-config', 'expected a JSON object', { uri: path });
}

function json(text: string, uri: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecordpipeError('malformed-config', `not JSON: ${(error as Error).message}`, { uri }, error);
  }
}
