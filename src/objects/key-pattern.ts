/** Characters that a pattern gives a meaning to, as for files. */
const GLOB = /[*?]|\[.+\]|\{.+\}|[!+@]\(.+\)/;
/** The first of them; a backslash takes the meaning from what follows. */
const FIRST_MAGIC = /[*?[\]{}()\\|]|[!+@]\(/;

/** Which keys, or paths, a pattern means. */
export interface KeyPattern {
  /** What all that match begin with: the listing is asked for it. */
  readonly prefix: string;
  readonly matches: (key: string) => boolean;
}

export function isPattern(key: string): boolean {
  return GLOB.test(key);
}

/** By the same rules as patterns of files: `*` and `?` stay between slashes, `**` does not, `{a,b}`, `[0-9]`, `!(x)`; names that begin with a dot have to be named so. */
export async function keyPattern(pattern: string): Promise<KeyPattern> {
  const { default: picomatch } = await import('picomatch');
  const at = pattern.search(FIRST_MAGIC);
  return {
    prefix: at < 0 ? pattern : pattern.slice(0, at),
    matches: picomatch(pattern, { dot: false, posix: true, nonegate: true }),
  };
}
