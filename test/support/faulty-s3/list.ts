import type { Answer } from './answer.ts';
import { escapeXml } from './failure.ts';
import type { LoggedRequest } from './request.ts';
import type { Store } from './store.ts';

/** Implements ListObjectsV2. `pageSize` replaces S3's 1,000. */
export function listObjects(store: Store, { bucket, query }: LoggedRequest, pageSize: number): Answer {
  const keys = store.keys(bucket);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const max = Math.min(pageSize, Number(query.get('max-keys') ?? pageSize));
  const token = query.get('continuation-token');
  const after =
    token !== null ? Buffer.from(token, 'base64url').toString() : (query.get('start-after') ?? '');
  const name = query.get('encoding-type') === 'url' ? urlEncoded : escapeXml;

  const contents: string[] = [];
  const groups = new Set<string>();
  let last: string | undefined;
  let more = false;
  for (const key of keys) {
    if (
      !key.startsWith(prefix) ||
      (after !== '' && Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0)
    )
      continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (group !== undefined && (groups.has(group) || group === after)) {
      last = key;
      continue;
    }
    if (contents.length + groups.size >= max) {
      more = true;
      break;
    }
    last = key;
    if (group !== undefined) groups.add(group);
    else contents.push(entry(store, bucket, key, name));
  }
  const element = (tag: string, value: string | number | boolean): string => `<${tag}>${value}</${tag}>`;
  return xml(
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${element('Name', bucket)}${element('Prefix', name(prefix))}` +
      element('KeyCount', contents.length + groups.size) +
      element('MaxKeys', max) +
      (delimiter === '' ? '' : element('Delimiter', name(delimiter))) +
      (query.get('encoding-type') === 'url' ? element('EncodingType', 'url') : '') +
      element('IsTruncated', more) +
      (token === null ? '' : element('ContinuationToken', token)) +
      (more ? element('NextContinuationToken', Buffer.from(last ?? '').toString('base64url')) : '') +
      contents.join('') +
      [...groups].map((group) => element('CommonPrefixes', element('Prefix', name(group)))).join('') +
      '</ListBucketResult>',
  );
}

function entry(store: Store, bucket: string, key: string, name: (key: string) => string): string {
  const { content, etag, modified } = store.get(bucket, key);
  return (
    `<Contents><Key>${name(key)}</Key><LastModified>${modified.toISOString()}</LastModified>` +
    `<ETag>${escapeXml(etag)}</ETag><Size>${content.size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
}

/** Encodes keys as in S3 listings: form encoding, except for slashes. */
function urlEncoded(key: string): string {
  return encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replace(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function xml(body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
  const content = {
    size: bytes.length,
    read: (at: number, n: number) => bytes.subarray(at, at + n),
    token: '',
  };
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', ...headers },
    body: { content, start: 0, end: bytes.length },
  };
}
