import type { Command } from 'commander';
import { redacted } from 'recordpipe/errors';
import type { CommonOptions } from '../options/every-command.ts';
import { type ConfigFile, readConfigFile, similarName } from './config-file.ts';
import { ConfigurationError } from './configuration-error.ts';
import { SETTINGS, type Setting, variableOf } from './settings.ts';

/** A setting that differs from its default, and the source of its value. */
export interface AppliedSetting {
  /** Name of the setting. */
  readonly name: string;
  /** Value of the setting, as text. Secrets are redacted. */
  readonly value: string;
  /**
   * Source of the value: `command line`, the name of an environment variable, or the path of a
   * file.
   */
  readonly source: string;
}

/** The settings in effect. Settings with default values are not listed. */
export interface Configuration {
  /** Path of the file; undefined if there is none. */
  readonly file: string | undefined;
  /** Settings of any command. */
  readonly settings: readonly AppliedSetting[];
  /** Names of the settings that the command has. */
  readonly used: ReadonlySet<string>;
}

let current: Configuration = { file: undefined, settings: [], used: new Set() };

/** Returns the settings of the command that runs. */
export function configuration(): Configuration {
  return current;
}

/** Returns the file or variable that set an option such as `--region`, if one did. */
export function originOf(long: string | undefined): string | undefined {
  return current.settings.find(
    ({ name, source }) =>
      SETTINGS[name].option.long === long && source !== 'command line' && current.used.has(name),
  )?.source;
}

/**
 * Completes the options of a command from environment variables and a file. The command line takes
 * precedence over variables, and variables over the file.
 * @throws ConfigurationError
 */
export function configure(command: Command): void {
  const { config } = command.opts<CommonOptions>();
  const variable = process.env['RECORDPIPE_CONFIG'] || undefined;
  const file = config === false ? undefined : readConfigFile(config ?? variable);
  const settings: AppliedSetting[] = [];
  const used = new Set<string>();
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const fromFile = file && fileValue(file, name, setting);
    const applied = isTyped(command, name) ? typed(command, name) : chosen(name, setting, fromFile);
    if (applied === undefined) continue;
    settings.push(shown(applied));
    if (!applies(command, name, setting)) continue;
    used.add(name);
    if ('parsed' in applied) command.setOptionValueWithSource(name, applied.parsed, 'config');
  }
  current = { file: file?.path, settings, used };
}

/**
 * Returns variables that look like misspelled settings, with the probable name. Other unknown
 * variables are not errors: Kubernetes sets RECORDPIPE_PORT for a service named recordpipe.
 */
export function misspelledVariables(): readonly { readonly variable: string; readonly meant: string }[] {
  const known = new Set([...Object.keys(SETTINGS).map(variableOf), ...NOT_SETTINGS]);
  return Object.keys(process.env).flatMap((variable) => {
    if (!variable.startsWith('RECORDPIPE_') || known.has(variable)) return [];
    const similar = similarName(variable.slice('RECORDPIPE_'.length));
    return similar === undefined ? [] : [{ variable, meant: variableOf(similar) }];
  });
}

/** Variables that are not settings. */
const NOT_SETTINGS = ['RECORDPIPE_CONFIG', 'RECORDPIPE_ERRORS', 'RECORDPIPE_KERNEL'];

/** Removes secrets. The part of an endpoint before @ is a password, even if the URL is invalid. */
function shown({ name, value, source }: AppliedSetting): AppliedSetting {
  const host = name === 'endpointUrl' ? value.replace(/^(\w+:\/\/)?.*@/s, '$1[redacted]@') : value;
  return { name, value: redacted(host), source };
}

/** A value before and after parsing. */
interface Given extends AppliedSetting {
  readonly parsed: unknown;
}

/** Reports whether a setting applies: the command has its option, and no other option excludes it. */
function applies(command: Command, name: string, { option, yieldsTo = [], needs }: Setting): boolean {
  if (!command.options.includes(option)) return false;
  if (isTyped(command, name)) return true;
  if (yieldsTo.some((other) => isTyped(command, other))) return false;
  return needs === undefined || command.getOptionValue(needs) !== undefined;
}

/** Reports whether an option is on the command line. */
function isTyped(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === 'cli';
}

function typed(command: Command, name: string): AppliedSetting {
  const unit = SETTINGS[name].kind === 'duration' ? 'ms' : '';
  return { name, value: `${command.getOptionValue(name)}${unit}`, source: 'command line' };
}

/** Returns the value of a variable or the file. The library itself reads variables of AWS. */
function chosen(
  name: string,
  setting: Setting,
  fromFile: Given | undefined,
): Given | AppliedSetting | undefined {
  return variableValue(name, setting) ?? otherVariable(name, setting) ?? fromFile;
}

/** Returns the setting if the library or the AWS SDK reads it from a variable of its own. */
function otherVariable(name: string, { others = [] }: Setting): AppliedSetting | undefined {
  const source = others.find((variable) => process.env[variable]);
  if (source === undefined) return undefined;
  // The ID of an access key is not secret, but it does not name a profile.
  const value = source === 'AWS_ACCESS_KEY_ID' ? 'keys in the environment' : String(process.env[source]);
  return { name, value, source };
}

function variableValue(name: string, setting: Setting): Given | undefined {
  const source = variableOf(name);
  const value = process.env[source];
  if (!value) return undefined;
  if (setting.kind !== 'boolean') return parsed({ name, value, source }, setting);
  const flag = { true: true, 1: true, false: false, 0: false }[value.toLowerCase()];
  if (flag === undefined) throw invalid(source, 'Expected true or false.');
  return { name, value: String(flag), source, parsed: flag };
}

function fileValue({ path, values }: ConfigFile, name: string, setting: Setting): Given | undefined {
  if (!Object.hasOwn(values, name)) return undefined;
  const value = values[name];
  const [types, expected] = JSON_TYPES[setting.kind];
  if (!types.includes(typeof value) || value === '') throw invalid(`${path}: ${name}`, expected);
  const given = { name, value: String(value), source: path };
  return setting.kind === 'boolean' ? { ...given, parsed: value } : parsed(given, setting);
}

/** JSON types of each kind of setting, and the message for others. */
const JSON_TYPES: Readonly<Record<Setting['kind'], readonly [types: readonly string[], expected: string]>> = {
  text: [['string'], 'Expected a string.'],
  path: [['string'], 'Expected a path.'],
  size: [['string', 'number'], 'Expected a size such as "8MiB", or a number of bytes.'],
  duration: [['string'], 'Expected a duration such as "30s".'],
  count: [['number'], 'Expected an integer.'],
  boolean: [['boolean'], 'Expected true or false.'],
};

/** Parses a value as the command line does. */
function parsed(given: AppliedSetting, { option }: Setting): Given {
  const { name, value, source } = given;
  try {
    const parse = option.parseArg as ((text: string, previous: undefined) => unknown) | undefined;
    return { ...given, parsed: parse === undefined ? value : parse(value, undefined) };
  } catch (error) {
    const place = source.startsWith('RECORDPIPE_') ? source : `${source}: ${name}`;
    throw invalid(place, (error as Error).message);
  }
}

function invalid(place: string, message: string): ConfigurationError {
  return new ConfigurationError(`${place}: ${message}`, correction(place));
}

/** Returns what to do about a wrong setting in a variable or a file. */
export function correction(place: string): string {
  return /^(RECORDPIPE|AWS)_/.test(place)
    ? `correct or unset ${place}`
    : 'correct the file, or pass --no-config to ignore it';
}
