/** A bucket as a directory of files, with prepared listing pages. */

import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const PAGE = 1000;

export class Bucket {
  name = 'bench';
  listings = 'listings';
  /** The listing page for each query. The first matching pattern applies. */
  pages = [];

  /** @param {string} root a new directory */
  constructor(root) {
    this.root = root;
    mkdirSync(join(root, this.name), { recursive: true });
    mkdirSync(join(root, this.listings), { recursive: true });
  }

  /** Returns the path of the file for an object. */
  path(key) {
    const path = join(this.root, this.name, key);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  /** Returns the key of the object in this file. */
  key(path) {
    return relative(join(this.root, this.name), path);
  }

  uri(key) {
    return `s3://${this.name}/${key}`;
  }

  /** Writes the listing pages of a prefix. */
  list(prefix, keys) {
    const id = prefix.replaceAll(/\W/g, '-');
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const count = Math.ceil(sorted.length / PAGE);
    for (let k = count - 1; k >= 0; k--) {
      const file = `${id}${k}.xml`;
      const next = k + 1 < count ? `${id}page${k + 1}` : undefined;
      const some = sorted.slice(k * PAGE, (k + 1) * PAGE);
      writeFileSync(join(this.root, this.listings, file), this.#page(prefix, some, next));
      const token = `continuation-token=${id}page${k}`;
      this.pages.push({ pattern: k > 0 ? token : `prefix=${prefix.replaceAll('/', '(/|%2F)')}`, file });
    }
  }

  removeAll() {
    rmSync(this.root, { recursive: true, force: true });
  }

  #page(prefix, keys, next) {
    const more = next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`;
    return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${this.name}</Name><Prefix>${prefix}</Prefix><KeyCount>${keys.length}</KeyCount><MaxKeys>${PAGE}</MaxKeys><IsTruncated>${next !== undefined}</IsTruncated>${more}
${keys.map((key) => this.#entry(key)).join('\n')}
</ListBucketResult>
`;
  }

  /** Returns a listing entry, with the same ETag that nginx sends. */
  #entry(key) {
    const { size, mtimeMs, mtime } = statSync(this.path(key));
    const etag = `${Math.floor(mtimeMs / 1000).toString(16)}-${size.toString(16)}`;
    return `<Contents><Key>${key}</Key><LastModified>${mtime.toISOString()}</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  }
}
