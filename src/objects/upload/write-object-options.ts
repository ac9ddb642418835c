import { checkOptionNames } from '../../bytes/option-names.ts';
import { UsageError } from '../../errors.ts';
import { DEFAULT_OBJECT_OPTIONS, type ObjectOptions, objectOptions } from '../object-options.ts';

/** How an object is written, and where to. Every field has a default; pass what differs. */
export interface ObjectWriteOptions extends ObjectOptions {
  /**
   * Whether an existing object of this name is replaced. Default false: it is an `already-exists` error, at once, or, where the
   * object appears meanwhile, when the writer is closed.
   */
  readonly overwrite: boolean;
  /** MIME type that the object is served as. Default: the service's, `application/octet-stream` or `binary/octet-stream`. */
  readonly contentType: string | undefined;
  /** User metadata, kept with the object as `x-amz-meta-NAME`. Names in lower case, values ASCII, 2 KiB in all. Default none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Size of the whole, if known: makes parts large enough for it, so that 10,000 of them hold any object. Default: parts grow. */
  readonly expectedBytes: number | undefined;
  /** Makes every further call fail with `aborted`; nothing is left behind in the bucket. */
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: ObjectWriteOptions = Object.freeze({
  ...DEFAULT_OBJECT_OPTIONS,
  overwrite: false,
  contentType: undefined,
  metadata: Object.freeze({}),
  expectedBytes: undefined,
  signal: undefined,
});

/** S3's limit of one object, 48.8 TiB (qfacts.html): 10,000 parts of 5 GiB. */
const MAX_BYTES = 10_000 * 5 * 1024 ** 3;

/**
 * The complete options, checked.
 * @throws UsageError for a value that no option has
 */
export function objectWriteOptions(given: Partial<ObjectWriteOptions> = {}): ObjectWriteOptions {
  checkOptionNames('object writer', given, DEFAULTS);
  const { overwrite, contentType, metadata, expectedBytes, signal, ...objects } = given;
  if (expectedBytes !== undefined && !(Number.isSafeInteger(expectedBytes) && expectedBytes >= 0))
    throw new UsageError(`expectedBytes: expected an integer >= 0, got ${expectedBytes}`);
  if (expectedBytes !== undefined && expectedBytes > MAX_BYTES)
    throw new UsageError(`expectedBytes: expected at most ${MAX_BYTES}, got ${expectedBytes}`);
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value))
      throw new UsageError(
        `metadata: expected names in lower case and values in ASCII, got ${name}: ${value}`,
      );
  }
  return {
    ...objectOptions(objects),
    overwrite: overwrite ?? DEFAULTS.overwrite,
    contentType,
    metadata: metadata ?? DEFAULTS.metadata,
    expectedBytes,
    signal,
  };
}
