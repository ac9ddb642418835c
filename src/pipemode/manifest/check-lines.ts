import { excerptAt, type JsonMember, JsonMistake, jsonMembers } from './json-cursor.ts';
import { isAttributeName, isRefName, refMistake, type SourceLine, s3UriOf } from './manifest-lines.ts';
import { BYTE_ORDER_MARK, type ManifestListMistake } from './manifest-list.ts';

/** A problem found in a manifest. */
export interface ManifestProblem {
  /** Stable identifier of the problem, in kebab case. */
  readonly code:
    | ManifestListMistake
    | 'not-a-manifest'
    | 'not-utf8'
    | 'missing-attribute'
    | 'bad-ref'
    | 'line-too-long'
    | 'missing-object'
    | 'duplicate-key'
    | 'blank-line'
    | 'carriage-return'
    | 'no-final-newline'
    | 'several-buckets'
    | 'long-name';
  /** Severity of the problem. An error makes the manifest unusable. */
  readonly severity: 'error' | 'warning';
  /** One-based line number. */
  readonly line: number;
  /** One-based column number, in characters. */
  readonly column: number;
  /** Human-readable description. */
  readonly message: string;
  /** Excerpt of the line at this position, up to 80 characters. */
  readonly text: string;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reports a problem at a position of the current line. */
type Report = (
  severity: ManifestProblem['severity'],
  code: ManifestProblem['code'],
  at: number,
  message: string,
) => void;

/** Checks the lines of an augmented manifest. */
export class LineChecks {
  /** Whether the first line shows that the file is not a manifest. */
  notAManifest = false;
  readonly #problems: Problems;
  /**
   * Attributes that every line must have. If undefined, a line that lacks an attribute of the first
   * line causes a warning.
   */
  readonly #required: readonly string[] | undefined;
  readonly #refs: Map<string, number> | undefined;
  #entries = 0;
  /** The first line that is not blank. */
  #first: { readonly number: number; readonly text: string } | undefined;
  #usual: readonly string[] | undefined;
  #bucket: string | undefined;
  /**
   * Reports that the first line ends inside a value. Not called if the next line shows that the
   * file is not a manifest.
   */
  #unfinished: (() => void) | undefined;

  constructor(
    problems: Problems,
    required: readonly string[] | undefined,
    refs: Map<string, number> | undefined,
  ) {
    this.#problems = problems;
    this.#required = required;
    this.#refs = refs;
  }

  check({ number, bytes, ended, tooLong }: SourceLine, maxLineBytes: number): void {
    if (this.notAManifest) return;
    let text = decoded(bytes);
    const report: Report = (severity, code, at, message) =>
      this.#problems.add(severity, code, number, text ?? '', at, message);
    if (text === undefined) {
      text = Buffer.from(bytes).toString('utf8');
      if (this.#looksLikeAnotherFile(text)) this.#reject(number, text);
      else report('error', 'not-utf8', Math.max(text.indexOf('\ufffd'), 0), 'not UTF-8');
      return;
    }
    if (tooLong) {
      report('error', 'line-too-long', 0, `longer than ${maxLineBytes} bytes`);
      return;
    }
    if (text.startsWith('\ufeff')) {
      if (number === 1) report('warning', 'byte-order-mark', 0, BYTE_ORDER_MARK);
      else report('error', 'byte-order-mark', 0, 'a byte order mark inside the file');
      text = text.slice(1);
    }
    if (text.endsWith('\r') && this.#problems.isFirst('carriage-return')) {
      const what = 'lines end with \\r\\n; SageMaker documents \\n';
      report('warning', 'carriage-return', text.length - 1, what);
    }
    if (text.trim() === '') {
      report('warning', 'blank-line', 0, 'a blank line, which is skipped');
      return;
    }
    if (this.#looksLikeAnotherFile(text)) {
      this.#reject(number, text);
      return;
    }
    if (!ended) {
      const what = 'the last line has no line feed; appended text would become part of it';
      report('warning', 'no-final-newline', text.length, what);
    }
    this.#entries++;
    const isFirst = this.#first === undefined;
    this.#first ??= { number, text };
    try {
      this.#members(number, text, jsonMembers(text), report);
    } catch (error) {
      if (!(error instanceof JsonMistake)) throw error;
      const { code, at, message } = error;
      if (isFirst && at >= text.trimEnd().length) this.#unfinished = () => report('error', code, at, message);
      else report('error', code, at, message);
    }
  }

  /** Ends the checks. @returns the number of lines with attributes */
  end(): number {
    this.#unfinished?.();
    if (this.#entries === 0 && !this.notAManifest)
      this.#problems.add('error', 'empty-manifest', 1, '', 0, 'no line has attributes');
    return this.#entries;
  }

  /**
   * Reports whether the first line contains no object, or an object that continues on the next
   * line.
   */
  #looksLikeAnotherFile(text: string): boolean {
    const startsObject = text.trimStart().startsWith('{');
    if (this.#first === undefined) return !startsObject;
    if (this.#unfinished === undefined) return false;
    if (startsObject) {
      this.#unfinished();
      this.#unfinished = undefined;
    }
    return !startsObject;
  }

  #reject(line: number, lineText: string): void {
    const { number, text } = this.#first ?? { number: line, text: lineText };
    this.notAManifest = true;
    this.#entries = 0;
    this.#unfinished = undefined;
    const what =
      'not a manifest: expected a JSON array (ManifestFile), or a JSON object on each line (AugmentedManifestFile)';
    this.#problems.add('error', 'not-a-manifest', number, text, 0, what);
  }

  #members(number: number, text: string, members: readonly JsonMember[], report: Report): void {
    const seen = new Set<string>();
    for (const member of members) {
      const { name, at } = member;
      if (seen.has(name))
        report(
          'warning',
          'duplicate-key',
          at,
          `${JSON.stringify(name)} occurs twice; the last value is used`,
        );
      seen.add(name);
      if (!isAttributeName(name))
        report('warning', 'long-name', at, 'attribute names have 1 to 256 characters');
      if (isRefName(name) && (this.#required?.includes(name) ?? true))
        this.#ref(number, text, member, report);
    }
    this.#usual ??= [...seen];
    for (const name of this.#required ?? this.#usual) {
      if (seen.has(name)) continue;
      const what = `no attribute ${JSON.stringify(name)}`;
      if (this.#required !== undefined) report('error', 'missing-attribute', 0, what);
      else report('warning', 'missing-attribute', 0, `${what}, which the first line has`);
    }
  }

  #ref(number: number, text: string, { name, value }: JsonMember, report: Report): void {
    const { kind, start, end } = value;
    const uri = kind === 'string' ? s3UriOf(JSON.parse(text.slice(start, end)) as string) : undefined;
    if (uri === undefined) {
      report('error', 'bad-ref', start, refMistake(name, kind));
      return;
    }
    const bucket = uri.split('/', 3)[2];
    this.#bucket ??= bucket;
    if (bucket !== this.#bucket && this.#problems.isFirst('several-buckets')) {
      const what = `objects are in several buckets, ${this.#bucket} and ${bucket}; the role of the job needs access to all of them`;
      report('warning', 'several-buckets', start, what);
    }
    if (this.#refs?.has(uri) === false) this.#refs.set(uri, number);
  }
}

/** Decodes UTF-8. Returns undefined if the bytes are not valid UTF-8. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The problems found so far. */
export class Problems {
  readonly first: ManifestProblem[] = [];
  errors = 0;
  warnings = 0;
  readonly #maximum: number;
  readonly #reported = new Set<string>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  add(
    severity: ManifestProblem['severity'],
    code: ManifestProblem['code'],
    line: number,
    text: string,
    at: number,
    message: string,
  ): void {
    if (severity === 'error') this.errors++;
    else this.warnings++;
    if (this.first.length >= this.#maximum) return;
    const { column, excerpt } = excerptAt(text, at);
    this.first.push({ code, severity, line, column, message, text: excerpt });
  }

  /**
   * Reports whether this is the first call with `code`. Used for problems reported once per
   * manifest.
   */
  isFirst(code: ManifestProblem['code']): boolean {
    const first = !this.#reported.has(code);
    this.#reported.add(code);
    return first;
  }
}
