import { join } from 'node:path';
import { CONFIG_DIR, malformed, readConfigFile } from './config-file.ts';

/** A JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** The hyperparameters of a training job by name: always text, as SageMaker hands them over. */
export type Hyperparameters = Readonly<Record<string, string>>;

/**
 * The hyperparameters of this training job: `hyperparameters.json` of `configDir`, by default SageMaker's `/opt/ml/input/config`.
 *
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` when the file is not what SageMaker writes
 * @example
 * ```ts
 * import { mkdtempSync, writeFileSync } from 'node:fs';
 * import { hyperparameterValue, readHyperparameters } from 'recordpipe/pipemode';
 * const configDir = mkdtempSync('/tmp/config-');
 * writeFileSync(`${configDir}/hyperparameters.json`, '{"epochs": "20", "optimizer": "adam"}');
 * const { epochs, optimizer } = readHyperparameters(configDir);
 * console.log(hyperparameterValue(epochs), hyperparameterValue(optimizer)); // 20 adam
 * ```
 */
export function readHyperparameters(configDir: string = CONFIG_DIR): Hyperparameters {
  const config = readConfigFile(configDir, 'hyperparameters.json');
  for (const [name, value] of Object.entries(config)) {
    if (typeof value === 'string') continue;
    const path = join(configDir, 'hyperparameters.json');
    throw malformed(`${name}: expected a string, as SageMaker writes it, got ${typeof value}`, path);
  }
  return config as Hyperparameters;
}

/**
 * What a hyperparameter means: SageMaker's Python SDK writes each as JSON (`"adam"` in quotes); what is no JSON is the text itself.
 *
 * @example
 * ```ts
 * import { hyperparameterValue } from 'recordpipe/pipemode';
 * console.log(hyperparameterValue('0.1'), hyperparameterValue('"adam"'), hyperparameterValue('adam')); // 0.1 adam adam
 * ```
 */
export function hyperparameterValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
