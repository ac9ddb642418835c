import { RecordpipeError } from '../../errors.ts';
import { hyperparameterValue } from './hyperparameters.ts';
import { type JsonValue, javaScriptValue, parsePythonJson } from './python-json.ts';

/** The `SM_*` variables of a training job. The field of an unset variable is undefined. */
export interface SageMakerEnvironment {
  /**
   * Names of the channels, from `SM_CHANNELS` or else from the names of the `SM_CHANNEL_*`
   * variables, in lower case.
   */
  readonly channels: readonly string[];
  /** Folder of each channel in File mode, by channel name: `SM_CHANNEL_NAME`. */
  readonly channelDirs: Readonly<Record<string, string>>;
  /** Names of all hosts: `SM_HOSTS`. */
  readonly hosts: readonly string[] | undefined;
  /** Name of the current host: `SM_CURRENT_HOST`. */
  readonly currentHost: string | undefined;
  /** Folder for the model: `SM_MODEL_DIR`. */
  readonly modelDir: string | undefined;
  /** Folder for output data: `SM_OUTPUT_DATA_DIR`. */
  readonly outputDataDir: string | undefined;
  /** Input folder: `SM_INPUT_DIR`. */
  readonly inputDir: string | undefined;
  /** Folder of the configuration files: `SM_INPUT_CONFIG_DIR`. */
  readonly inputConfigDir: string | undefined;
  /** Number of GPUs: `SM_NUM_GPUS`. */
  readonly gpus: number | undefined;
  /** Number of CPUs: `SM_NUM_CPUS`. */
  readonly cpus: number | undefined;
  /** Hyperparameters by name: the values of `SM_HPS`, or of the `SM_HP_*` variables. */
  readonly hyperparameters: Readonly<Record<string, JsonValue>>;
}

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that SageMaker's containers set (`SM_*`).
 *
 * @param variables the environment variables; by default, those of this process
 * @throws RecordpipeError `malformed-config` for a variable with an unexpected value
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
  const channelDirs = channels.flatMap((channel): [string, string][] => {
    const dir = dirs[channel.toUpperCase()] ?? dirs[variableName(channel)];
    return dir === undefined ? [] : [[channel, dir]];
  });
  return {
    channels,
    channelDirs: Object.fromEntries(channelDirs),
    hosts: texts(variables, 'SM_HOSTS'),
    currentHost: variables['SM_CURRENT_HOST'],
    modelDir: variables['SM_MODEL_DIR'],
    outputDataDir: variables['SM_OUTPUT_DATA_DIR'],
    inputDir: variables['SM_INPUT_DIR'],
    inputConfigDir: variables['SM_INPUT_CONFIG_DIR'],
    gpus: count(variables, 'SM_NUM_GPUS'),
    cpus: count(variables, 'SM_NUM_CPUS'),
    hyperparameters: hyperparameters(variables),
  };
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function hyperparameters(variables: Variables): Record<string, JsonValue> {
  const all = json(variables, 'SM_HPS');
  if (all === undefined) {
    const single = Object.entries(withPrefix(variables, 'SM_HP_'));
    return Object.fromEntries(single.map(([name, text]) => [name.toLowerCase(), hyperparameterValue(text)]));
  }
  if (typeof all === 'object' && all !== null && !Array.isArray(all))
    return { ...all } as Record<string, JsonValue>;
  throw unexpected('SM_HPS', 'a JSON object', variables['SM_HPS']);
}

/** Returns the variables whose names start with `prefix`, keyed by the rest of the name. */
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

function count(variables: Variables, name: string): number | undefined {
  const text = variables[name];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw unexpected(name, 'an integer', text);
}

function json(variables: Variables, name: string): JsonValue | undefined {
  const text = variables[name];
  if (text === undefined) return undefined;
  const value = parsePythonJson(text);
  if (value === undefined) throw unexpected(name, 'JSON', text);
  return javaScriptValue(value);
}

function unexpected(name: string, expected: string, got: string | undefined): RecordpipeError {
  return new RecordpipeError('malformed-config', `${name}: expected ${expected}, got ${got}`);
}
