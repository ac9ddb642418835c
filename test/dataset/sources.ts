/** How often iterators were opened, and how often each was closed. */
export interface Watch {
  opened: number;
  closed: number;
}

/** Numbers from 0 on, one each turn of the event loop, or never again from `hangsAt` on. Counts calls of `return`, not ends. */
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

/** Numbers from 0 on. */
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
