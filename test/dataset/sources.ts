/** How often iterators were opened and closed. */
export interface Watch {
  opened: number;
  closed: number;
}

/**
 * Yields numbers from 0, one per event-loop turn; from `hangsAt`, it never responds again. Counts
 * calls of `return`, not normal ends.
 */
export function watchedAsync(
  watch: Watch,
  hangsAt: number = Number.POSITIVE_INFINITY,
): AsyncIterable<number> {
  return {
    [Symbol.asyncIterator]() {
      watch.opened++;
      let at = 0;
      return {
        next: () =>
          at >= hangsAt
            ? new Promise(() => {})
            : new Promise((resolve) => {
                setImmediate(() => resolve({ done: false, value: at++ }));
              }),
        return: async () => {
          watch.closed++;
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Yields numbers from 0. */
export function watchedSync(watch: Watch): Iterable<number> {
  return {
    [Symbol.iterator]() {
      watch.opened++;
      let at = 0;
      return {
        next: () => ({ done: false, value: at++ }),
        return: () => {
          watch.closed++;
          return { done: true, value: undefined };
        },
      };
    },
  };
}
