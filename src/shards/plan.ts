import type { KnownFile } from '../report/known-file.ts';

/**
 * What is to be done, frozen: which files there are, and in which state. Made by `planShards`; workers that read the same plan divide the same work, whatever
 * is listed, written or overwritten meanwhile.
 */
export interface ShardPlan {
  /** Sorted by the UTF-8 bytes of their addresses, each once; parts of one file in their order. */
  readonly files: readonly KnownFile[];
  /** Bytes of all of them. */
  readonly bytes: number;
  /** SHA-256 of the files, in hexadecimal: two plans are of the same work where it is the same. */
  readonly hash: string;
  /** Into how many shards it is to be divided; undefined: whoever divides it says so. */
  readonly shards: number | undefined;
}

/** Bytes of a file, or of the part of it that is meant. */
export function bytesOf({ size, range }: KnownFile): number {
  return range === undefined ? size : range.end - range.start;
}

/** The plan with its files whole: for work that cannot be done to a part of a file. */
export function uncut(plan: ShardPlan): ShardPlan {
  if (plan.files.every(({ range }) => range === undefined)) return plan;
  const files = new Map(plan.files.map(({ uri, size, etag }) => [uri, { uri, size, ...(etag && { etag }) }]));
  return { ...plan, files: [...files.values()] };
}
