import type { ObjectRef } from '../../../storage/storage.ts';

/** One thing that an epoch consists of: an object whose bytes are fetched, or a value that is there. */
export interface EpochItem {
  readonly object?: ObjectRef;
  readonly value?: Uint8Array;
  /** Of an augmented manifest: its line, from 1. */
  readonly line?: number;
}

/** What a channel holds, found out once; what each epoch has of it, in which order. */
export interface ChannelContent {
  /** Whether all items are objects. */
  readonly valueless: boolean;
  /** Whether all items are local files. */
  readonly files: boolean;
  /** Objects, or lines, of all hosts together. */
  readonly count: number;
  /** How many of them this host has in an epoch; the same in each. */
  countOf(): number;
  /** Bytes of an epoch before inflating and wrapping, where they are known. */
  bytesOf(epoch: number): number | undefined;
  /** To be iterated once; pulled as far ahead as there is room for what it names. */
  items(epoch: number): AsyncIterable<EpochItem>;
  close(): Promise<void>;
}
