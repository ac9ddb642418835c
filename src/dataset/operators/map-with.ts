import { UsageError } from '../../errors.ts';

/**
 * Returns a function that applies the default export of a module to values, one at a time.
 * @param url URL of the module
 */
export function mapWith(url: string): (value: unknown) => Promise<unknown> {
  // Bundlers cannot resolve the user's module, so they must leave this import unchanged.
  const loading = import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url).then(
    (loaded: { default?: unknown }) => {
      if (typeof loaded.default === 'function') return loaded.default as (value: unknown) => unknown;
      throw new UsageError(`mapInWorkers: expected ${url} to have a function as its default export`);
    },
  );
  loading.catch(() => {}); // Every job rejects with this error.
  let last: Promise<unknown> = Promise.resolve();
  return (value) => {
    const result = last.then(async () => (await loading)(value));
    last = result.catch(() => {});
    return result;
  };
}
