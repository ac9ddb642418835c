import type { ObjectOptions } from 'recordpipe/storage';
import { interruption } from './interrupt.ts';
import { type ObjectCommandOptions, objectOptionsOf } from './object-options.ts';

/** How a command reaches objects, and what ends that. */
export function reachingOf(options: ObjectCommandOptions): {
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal;
} {
  return { objects: objectOptionsOf(options), signal: interruption() };
}

/** Whether an argument is the address of an object, or the beginning of some. */
export function isS3(argument: string): boolean {
  return argument.startsWith('s3://');
}

/** Asked for first of an object of which a few records are wanted. */
const FIRST_BYTES = 128 * 1024;

/** The same options; where there is an end, with little asked for first of objects. @param end of the records that are wanted */
export function littleAtFirst<O extends { readonly objects?: Partial<ObjectOptions> }>(
  options: O,
  end: number,
): O {
  if (end === Number.POSITIVE_INFINITY) return options;
  return { ...options, objects: { firstPartBytes: FIRST_BYTES, ...options.objects } };
}
