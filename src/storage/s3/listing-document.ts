import type { _Object as ListedObject, ListObjectsV2Output } from '@aws-sdk/client-s3';
import { FetchFailure } from '../errors.ts';

/** The fields of a listing page that recordpipe uses, with the names of the SDK. */
export type ListingPage = Pick<
  ListObjectsV2Output,
  'Contents' | 'EncodingType' | 'IsTruncated' | 'NextContinuationToken'
>;

/**
 * Parses a page of ListObjectsV2 (`ListBucketResult`), so that listing does not load the SDK. The
 * SDK's own parser is in a package that AWS reserves for its internal use.
 *
 * @throws FetchFailure `transient` if the document is truncated, malformed or not XML
 */
export function parseListing(document: string): ListingPage {
  const contents: ListedObject[] = [];
  const page = new Fields();
  let entry = new Fields();
  for (const { path, text } of leaves(document)) {
    const [, name, inner, more] = path;
    if (name === undefined) continue;
    if (name !== 'Contents') {
      if (inner === undefined) page.set(name, text);
    } else if (inner === undefined) {
      contents.push(objectOf(entry));
      entry = new Fields();
    } else if (more === undefined) entry.set(inner, text);
  }
  return {
    Contents: contents,
    EncodingType: page.get('EncodingType') as ListingPage['EncodingType'],
    IsTruncated: booleanOf(page.get('IsTruncated')),
    NextContinuationToken: page.get('NextContinuationToken'),
  };
}

/** The texts of the fields of one element. */
class Fields {
  readonly #texts = new Map<string, string>();

  /** @throws FetchFailure for a repeated field that is used, which is ambiguous */
  set(name: string, text: string): void {
    if (!USED.has(name)) return;
    if (this.#texts.has(name)) throw unreadable(`two elements ${name}`);
    this.#texts.set(name, text);
  }

  get(name: string): string | undefined {
    return this.#texts.get(name);
  }
}

const USED = new Set([
  ...['EncodingType', 'IsTruncated', 'NextContinuationToken'],
  ...['Key', 'Size', 'ETag', 'LastModified'],
]);

function objectOf(entry: Fields): ListedObject {
  const size = entry.get('Size');
  const modified = Date.parse(entry.get('LastModified') ?? '');
  return {
    Key: entry.get('Key'),
    Size: size ? Number(/^\s*-?\d+\s*$/.test(size) ? size : Number.NaN) : undefined,
    ETag: entry.get('ETag'),
    LastModified: Number.isNaN(modified) ? undefined : new Date(modified),
  };
}

function booleanOf(text: string | undefined): boolean | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw unreadable(`IsTruncated is ${JSON.stringify(text)}`);
}

/** An element that has ended: the names of it and its ancestors, and its own text. */
interface Leaf {
  readonly path: readonly string[];
  readonly text: string;
}

/**
 * A declaration or comment; a CDATA section; an end tag; a start tag, which may be empty; text.
 * Document type declarations match nothing.
 */
const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)(?:\s[^<>]*?)?(\/?)>|([^<]+)/y;

/** Yields the elements of a document as they end. @throws FetchFailure if it is malformed */
function* leaves(document: string): Generator<Leaf> {
  const path: string[] = [];
  let text = '';
  let at = document.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < document.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(document);
    if (token === null) throw unreadable(`invalid markup at character ${at}`);
    at = TOKEN.lastIndex;
    const [, literal, end, start, empty, characters] = token;
    if (characters !== undefined) text += unescaped(characters);
    else if (literal !== undefined) text += literal;
    else if (start !== undefined) {
      path.push(start);
      text = '';
      if (empty === '/') {
        yield { path, text };
        path.pop();
      }
    } else if (end !== undefined) {
      if (path.at(-1) !== end) throw unreadable(`the tag </${end}> at character ${at} has no start`);
      yield { path, text };
      path.pop();
      text = '';
    }
  }
  if (path.length > 0) throw unreadable(`the element ${path.at(-1)} does not end`);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Replaces the predefined entities of XML and numeric references. */
function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));?/g, (whole, hex, decimal, name) => {
    const known = name === undefined ? undefined : ENTITIES[name];
    if (known !== undefined && whole.endsWith(';')) return known;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (!whole.endsWith(';') || !(code <= 0x10ffff)) throw unreadable(`the entity ${whole}`);
    return String.fromCodePoint(code);
  });
}

function unreadable(what: string): FetchFailure {
  return new FetchFailure('transient', `the response cannot be parsed: ${what}`, {
    code: 'unreadable-response',
  });
}
