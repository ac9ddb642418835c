import type { ContentLike } from './content.ts';
import type { LoggedRequest, Operation } from './request.ts';

/**
 * A fault. `at` is the number of bytes of the response body before it; a negative number counts
 * from the end. `headers`: in the middle of the headers. `before`: instead of any response.
 */
export type Action =
  /** Resets the connection. */
  | { readonly do: 'reset'; readonly at: Place }
  /** Closes the connection cleanly but early. */
  | { readonly do: 'close'; readonly at: Place }
  /** Sends nothing more for `ms`, or forever. */
  | { readonly do: 'stall'; readonly at: Place; readonly ms?: number }
  /** Sends the rest of the body a few bytes at a time. */
  | { readonly do: 'slow'; readonly bytesPerSecond: number; readonly at?: number }
  /** Content-Length is too large, or too small, by this number of bytes. */
  | { readonly do: 'length'; readonly by: number }
  /** Sends the body in chunks and closes the connection before the last one. */
  | { readonly do: 'chunked'; readonly at: number }
  /** An error response. `code` defaults to S3's code for the status. */
  | {
      readonly do: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Ignores the requested range: 200 and the whole object. */
  | { readonly do: 'ignore-range' }
  /** Replaces headers of the response. `{range}` in Content-Range represents the correct value. */
  | { readonly do: 'headers'; readonly set: Readonly<Record<string, string>> }
  /** Overwrites the object before the response. */
  | { readonly do: 'overwrite'; readonly content: ContentLike }
  /** Deletes the object before the response. */
  | { readonly do: 'delete' }
  /** Redirects to another region: 301 with x-amz-bucket-region. */
  | { readonly do: 'redirect'; readonly region: string }
  /** Delays the response. */
  | { readonly do: 'delay'; readonly ms: number }
  /** Changes the byte at position `at` of the body. */
  | { readonly do: 'flip'; readonly at: number };

export type Place = number | 'headers' | 'before';

/**
 * The requests that a fault applies to. Plain values, so that a script can be sent to another
 * process.
 */
export interface Match {
  readonly operation?: Operation;
  readonly method?: string;
  readonly bucket?: string;
  readonly key?: string;
  /** First byte of the range. */
  readonly from?: number;
  /** Whether the request has an If-Match header. */
  readonly ifMatch?: boolean;
  /** Number of matching requests to skip first. */
  readonly after?: number;
  /** Maximum number of matching requests to affect. Default 1, or unlimited if `forMs` is set. */
  readonly times?: number;
  /** Duration in milliseconds, from the first matching request. */
  readonly forMs?: number;
}

export type Fault = Match & Action;

/** Selects the faults of each request. */
export class Script {
  readonly #faults: { readonly fault: Fault; seen: number; hit: number; first: number | undefined }[] = [];

  add(...faults: readonly Fault[]): void {
    for (const fault of faults) this.#faults.push({ fault, seen: 0, hit: 0, first: undefined });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** How often each fault was applied, in the order in which they were added. */
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
