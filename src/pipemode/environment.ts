import { RecordpipeError } from '../errors.ts';
import { type Hyperparameters, hyperparameterValue, type JsonValue } from './hyperparameters.ts';

/** What SageMaker's containers say of a training job in their environment. A field is undefined where its variable is not set. */
export interface SageMakerEnvironment {
  /** `SM_CHANNELS`: the names of the channels. Where it is not set: the names of the `SM_CHANNEL_*` variables, in lower case. */
  readonly channels: readonly string[];
  /** `SM_CHANNEL_NAME`: the folder of each channel in File mode, by the channel's name. */
  readonly channelDirs: Readonly<Record<string, string>>;
  /** `SM_HOSTS` */
  readonly hosts: readonly string[] | undefined;
  /** `SM_CURRENT_HOST` */
  readonly currentHost: string | undefined;
  /** `SM_MODEL_DIR` */
  readonly modelDir: string | undefined;
  /** `SM_OUTPUT_DATA_DIR` */
  readonly outputDataDir: string | undefined;
  /** `SM_INPUT_DIR` */
  readonly inputDir: string | undefined;
  /** `SM_INPUT_CONFIG_DIR` */
  readonly inputConfigDir: string | undefined;
  /** `SM_NUM_GPUS` */
  readonly gpus: number | undefined;
  /** `SM_NUM_CPUS` */
  readonly cpus: number | undefined;
  /** `SM_HPS`, or the `SM_HP_*` variables: what the hyperparameters mean. */
  readonly hyperparameters: Readonly<Record<string, JsonValue>>;
}

/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What SageMaker's containers say of this training job in the environment (`SM_*`).
 *
 * @param variables default: those of this process
 * @throws RecordpipeError `malformed-config` for a variable that does not hold what it should
 * @example
 * ```ts
 * import { readEnvironment } from 'recordpipe/pipemode';
 * const { channels, channelDirs } = readEnvironment({ SM_CHANNELS: '["train"]', SM_CHANNEL_TRAIN: '/opt/ml/input/data/train' });
 * console.log(channels, channelDirs.train); // [ 'train' ] /opt/ml/input/data/train
 * ```
 */
export function readEnvironment(variables: Variables = process.env): SageMakerEnvironment {
  const dirs = withPrefix(variables, 'SM_CHANNEL_');
  const channels = texts(variables, 'SM_CHANNELS') ?? Object.keys(dirs).map((name) => name.toLowerCase());
  const byName = channels.flatMap((channel): [string, string][] => {
    const dir = dirs[channel.toUpperCase()] ?? dirs[channel.toUpperCase().replaceAll('-', '_')];
    return dir === undefined ? [] : [[channel, dir]];
  });
  return {
    channels,
    channelDirs: Object.fromEntries(byName),
    hosts: texts(variables, 'SM_HOSTS'),
    currentHost: variables['SM_CURRENT_HOST'],
    modelDir: variables['SM_MODEL_DIR'],
    outputDataDir: variables['SM_OUTPUT_DATA_DIR'],
    inputDir: variables['SM_INPUT_DIR'],
    inputConfigDir: variables['SM_INPUT_CONFIG_DIR'],
    gpus: whole(variables, 'SM_NUM_GPUS'),
    cpus: whole(variables, 'SM_NUM_CPUS'),
    hyperparameters: hyperparameters(variables),
  };
}

function hyperparameters(variables: Variables): Record<string, JsonValue> {
  const all = json(variables, 'SM_HPS');
  if (all !== undefined) {
    if (typeof all === 'object' && all !== null && !Array.isArray(all))
      return { ...all } as Record<string, JsonValue>;
    throw unexpected('SM_HPS', 'a JSON object', variables['SM_HPS']);
  }
  const single: Hyperparameters = withPrefix(variables, 'SM_HP_');
  return Object.fromEntries(
    Object.entries(single).map(([name, text]) => [name.toLowerCase(), hyperparameterValue(text)]),
  );
}

/** The variables that begin with a prefix, by the rest of their names. */
function withPrefix(variables: Variables, prefix: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (name.startsWith(prefix) && value !== undefined) found[name.slice(prefix.length)] = value;
  }
  return found;
}

function texts(variables: Variables, name: string): string[] | undefined {
  const value = json(variables, name);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw unexpected(name, 'a JSON array of strings', variables[name]);
}

function whole(variables: Variables, name: string): number | undefined {
  const text = variables[name];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw unexpected(name, 'a whole number', text);
}

function json(variables: Variables, name: string): JsonValue | undefined {
  const text = variables[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw unexpected(name, 'JSON', text, error);
  }
}

function unexpected(
  name: string,
  expected: string,
  got: string | undefined,
  cause?: unknown,
): RecordpipeError {
  return new RecordpipeError('malformed-config', `${name}: expected ${expected}, got ${got}`, {}, cause);
}
