import { crc32c } from '../crc32c/crc32c.ts';

/** An operator of a dataset and its sources, for the fingerprint of states. */
export interface Operator {
  /**
   * Name, followed by the arguments on which positions and the order of elements depend, for
   * example `batch(32)`. Numbers of threads and of elements to read ahead are not part of it.
   */
  readonly name: string;
  readonly sources: readonly Operator[];
  /** Seed that recordpipe chose at random. */
  readonly seed?: number | undefined;
}

/** Returns the operator of a source of elements. */
export function source(name: string): Operator {
  return { name, sources: [] };
}

/** Returns the operator of a dataset that has these sources. */
export function combined(name: string, datasets: readonly { readonly operator: Operator }[]): Operator {
  return { name, sources: datasets.map(({ operator }) => operator) };
}

/** Maximum length of the names of operators in a state. Longer ones are hashed. */
const MAX_NAMES = 256;
/** Maximum number of hashes in a state. The last one stands for all remaining operators. */
const MAX_HASHES = 32;

/** Returns all operators of a dataset, from sources to the last one. */
function operatorsOf(operator: Operator): Operator[] {
  return [...operator.sources.flatMap(operatorsOf), operator];
}

/** Returns the names of all operators, or their hashes if the names are long. */
export function operatorNames(operator: Operator): string[] {
  const names = operatorsOf(operator).map(({ name }) => name);
  if (names.join().length <= MAX_NAMES) return names;
  if (names.length <= MAX_HASHES) return names.map(hashOf);
  return [...names.slice(0, MAX_HASHES - 1), names.slice(MAX_HASHES - 1).join()].map(hashOf);
}

/** Describes the first difference between the operators of a dataset and those of a state. */
export function operatorDifference(operator: Operator, stored: readonly string[]): string | undefined {
  const found = operatorNames(operator);
  const names = operatorsOf(operator).map(({ name }) => name);
  const at = found.findIndex((name, i) => name !== stored[i]);
  if (at < 0 && stored.length === found.length) return undefined;
  if (at < 0) return `operator ${found.length + 1} is missing, ${shown(stored[found.length])}`;
  return `operator ${at + 1} is ${names[at]}, ${shown(stored[at])}`;
}

function shown(stored: string | undefined): string {
  if (stored === undefined) return 'but the state has no such operator';
  return stored.startsWith('#') ? 'but the state has a different operator' : `but the state has ${stored}`;
}

function hashOf(name: string): string {
  return `#${(hash(name) % 36 ** 4).toString(36)}`;
}

const utf8 = new TextEncoder();

/** Returns a 32-bit hash of a text. @param before hash of the text before it */
export function hash(text: string, before = 0): number {
  return crc32c(utf8.encode(text), before);
}

/** Returns a number that identifies the operators of a dataset. */
export function fingerprint(operator: Operator): number {
  return hash(
    operatorsOf(operator)
      .map(({ name }) => name)
      .join(),
  );
}

/** Reports whether the order of elements depends on which function or source is ready first. */
export function isUnordered({ name, sources }: Operator): boolean {
  return name.endsWith(UNORDERED) || sources.some(isUnordered);
}

const UNORDERED = 'unordered)';
/** Operators that, after resuming, request no element of their source again. */
const READ_ONCE = new Set(
  'map mapInWorkers filter where batch take skip shard enumerate prefetch prefetchToMemory withProgress repeat zip concatenate mix'.split(
    ' ',
  ),
);

/**
 * Returns the reason why no state of a dataset can be exact; undefined if states are. After
 * resuming, elements of unordered operators arrive in a different order. An operator that reads some of
 * them again would therefore lose some and repeat others.
 */
export function whyNotResumable(operator: Operator): string | undefined {
  const rereads = operatorsOf(operator).find(
    ({ name, sources }) =>
      sources.some(isUnordered) && (name.endsWith(UNORDERED) || !READ_ONCE.has(name.replace(/\(.*/, ''))),
  );
  if (rereads === undefined) return undefined;
  return `after resuming, ${rereads.name} reads elements again, but an unordered operator before ${rereads.name} yields the elements in a different order; move the unordered operator after ${rereads.name}, or omit ordered: false`;
}

/** Returns the random seeds of a dataset that are in effect. */
export function seedsOf(operator: Operator, seeds: ReadonlyMap<Operator, number>): number[] {
  return operatorsOf(operator).flatMap((one) => (one.seed === undefined ? [] : [seeds.get(one) ?? one.seed]));
}

/** Assigns the seeds of a state to the operators that have random ones. */
export function assignSeeds(operator: Operator, seeds: readonly number[]): Map<Operator, number> {
  const random = operatorsOf(operator).filter(({ seed }) => seed !== undefined);
  return new Map(random.flatMap((one, i) => (i < seeds.length ? [[one, seeds[i]] as const] : [])));
}
