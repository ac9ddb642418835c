import { CONFIG_DIR, configPath, malformed, readConfigFile, writeConfigFile } from './config-file.ts';
import { decodedHyperparameter, type JsonValue, javaScriptValue } from './python-json.ts';

/** Hyperparameters of a training job, by name. SageMaker passes all values as strings. */
export type Hyperparameters = Readonly<Record<string, string>>;

/**
 * Reads `hyperparameters.json`.
 *
 * @param configDir the folder of the file; by default, SageMaker's `/opt/ml/input/config`
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `malformed-config` for a file
 * that SageMaker would not write
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
  const path = configPath(configDir, 'hyperparameters');
  const config = readConfigFile(path);
  for (const [name, value] of Object.entries(config)) {
    if (typeof value !== 'string')
      throw malformed(`${name}: expected a string, as SageMaker writes it, got ${typeof value}`, path);
  }
  return config as Hyperparameters;
}

/** Writes `hyperparameters.json`. */
export function writeHyperparameters(configDir: string, hyperparameters: Hyperparameters): void {
  writeConfigFile(configPath(configDir, 'hyperparameters'), hyperparameters);
}

/**
 * Returns the value of a hyperparameter. Decodes the text as JSON, because SageMaker's Python SDK
 * writes JSON (`"adam"` with quotes). As in Python, NaN and Infinity are numbers. Returns text that
 * is not JSON unchanged.
 *
 * @example
 * ```ts
 * import { hyperparameterValue } from 'recordpipe/pipemode';
 * console.log(hyperparameterValue('0.1'), hyperparameterValue('"adam"'), hyperparameterValue('adam')); // 0.1 adam adam
 * ```
 */
export function hyperparameterValue(text: string): JsonValue {
  return javaScriptValue(decodedHyperparameter(text));
}
