import { UsageError } from '../../errors.ts';

/**
 * Applies the default function of a module to values, one after the other: a job that waits must not be held up by the
 * next.
 * @param url of the module
 */
export function mapWith(url: string): (value: unknown) => Promise<unknown> {
  // Bundlers must leave this import to the host: they cannot know the module.
  const loading = import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ url).then(
    (loaded: { default?: unknown }) => {
      if (typeof loaded.default === 'function') return loaded.default as (value: unknown) => unknown;
      throw new UsageError(`mapInWorkers: expected ${url} to have a function as its default export`);
    },
  );
  loading.catch(() => {}); // every job rejects with it
  let last: Promise<unknown> = Promise.resolve();
  return (value) => {
    const result = last.then(async () => (await loading)(value));
    last = result.catch(() => {});
    return result;
  };
}
