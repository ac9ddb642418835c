import type { ObjectOptions } from './object-options.ts';

/** What a listing leaves out or finds odd. */
export type ListWarning =
  /** An object of 0 bytes whose key ends with a slash, as consoles make for a folder: left out. */
  | { readonly type: 'folder-mark'; readonly uri: string }
  /** Another object of 0 bytes: listed. */
  | { readonly type: 'empty-object'; readonly uri: string }
  /** The prefix takes more than the folder of its name: `train` also `train2/…`, the first of which is `sibling`. With a slash at its end it takes the folder alone. */
  | { readonly type: 'siblings'; readonly uri: string; readonly sibling: string };

/** How objects are listed. */
export type ListOptions = Partial<ObjectOptions> & {
  /**
   * What the address is. `name`: an object, else a pattern, else a folder or prefix, of which there has to be something. `prefix`: everything that begins with
   * it, which may be nothing. Default `name`.
   */
  readonly as?: 'name' | 'prefix' | undefined;
  readonly onWarning?: ((warning: ListWarning) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};
