import type { ContentLike } from './content.ts';
import type { LoggedRequest, Operation } from './request.ts';

/**
 * What is done to a request. `at` is a number of bytes of the answer's body that still come; negative: counted from its end;
 * `headers`: in the midst of the headers; `before`: instead of any answer.
 */
export type Action =
  /** The connection is reset. */
  | { readonly do: 'reset'; readonly at: Place }
  /** The connection is closed in good order, but too early. */
  | { readonly do: 'close'; readonly at: Place }
  /** Nothing more comes; for `ms`, else for ever. */
  | { readonly do: 'stall'; readonly at: Place; readonly ms?: number }
  /** The rest of the body comes a few bytes at a time. */
  | { readonly do: 'slow'; readonly bytesPerSecond: number; readonly at?: number }
  /** Content-Length says so many bytes more, or fewer, than come. */
  | { readonly do: 'length'; readonly by: number }
  /** The body comes in chunks, and the connection is closed before the last one. */
  | { readonly do: 'chunked'; readonly at: number }
  /** An error; `code` defaults to what S3 calls that status. */
  | {
      readonly do: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The range that was asked for is not looked at: 200 and the whole object. */
  | { readonly do: 'ignore-range' }
  /** Headers of the answer are replaced; `{range}` in Content-Range is what it would be. */
  | { readonly do: 'headers'; readonly set: Readonly<Record<string, string>> }
  /** Before the answer the object is overwritten. */
  | { readonly do: 'overwrite'; readonly content: ContentLike }
  /** Before the answer the object is deleted. */
  | { readonly do: 'delete' }
  /** The bucket is said to be elsewhere: 301 with x-amz-bucket-region. */
  | { readonly do: 'redirect'; readonly region: string }
  /** The answer begins later. */
  | { readonly do: 'delay'; readonly ms: number }
  /** A byte of the body, whose position in it is `at`, is not what it should be. */
  | { readonly do: 'flip'; readonly at: number };

export type Place = number | 'headers' | 'before';

/** Which requests it happens to. Plain values, so that a script can be handed to another process. */
export interface Match {
  readonly operation?: Operation;
  readonly method?: string;
  readonly bucket?: string;
  readonly key?: string;
  /** First byte of the range. */
  readonly from?: number;
  /** Whether an If-Match is there. */
  readonly ifMatch?: boolean;
  /** So many of those that match are let through before. */
  readonly after?: number;
  /** So many of those that match are hit. Default 1, or any number when `forMs` is given. */
  readonly times?: number;
  /** For so long, from the first one that matches. */
  readonly forMs?: number;
}

export type Fault = Match & Action;

/** The script: which faults a request meets. */
export class Script {
  readonly #faults: { readonly fault: Fault; seen: number; hit: number; first: number | undefined }[] = [];

  add(...faults: readonly Fault[]): void {
    for (const fault of faults) this.#faults.push({ fault, seen: 0, hit: 0, first: undefined });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** How often each fault has struck, in the order in which they were added. */
  get hits(): readonly number[] {
    return this.#faults.map(({ hit }) => hit);
  }

  for(request: LoggedRequest): readonly Fault[] {
    const now = performance.now();
    return this.#faults
      .filter((entry) => {
        const { fault } = entry;
        if (!matches(fault, request)) return false;
        entry.first ??= now;
        if (entry.seen++ < (fault.after ?? 0)) return false;
        if (fault.forMs !== undefined && now - entry.first > fault.forMs) return false;
        if (entry.hit >= (fault.times ?? (fault.forMs === undefined ? 1 : Number.POSITIVE_INFINITY)))
          return false;
        entry.hit++;
        return true;
      })
      .map(({ fault }) => fault);
  }
}

function matches(match: Match, request: LoggedRequest): boolean {
  return (
    (match.operation === undefined || match.operation === request.operation) &&
    (match.method === undefined || match.method === request.method) &&
    (match.bucket === undefined || match.bucket === request.bucket) &&
    (match.key === undefined || match.key === request.key) &&
    (match.from === undefined || match.from === request.from) &&
    (match.ifMatch === undefined || match.ifMatch === (request.ifMatch !== undefined))
  );
}
