/**
 * An S3 service that only lists objects, 1,000 per page. `node bench/shards/listing.mjs OBJECTS`
 * prints its port and exits when stdin ends.
 */

import { createServer } from 'node:http';

const [objects] = process.argv.slice(2).map(Number);
const PAGE = 1000;

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://127.0.0.1');
  const from = Number(searchParams.get('continuation-token') ?? 0);
  response.setHeader('Content-Type', 'application/xml');
  response.end(page(from, Math.min(from + PAGE, objects)));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit(0));

function page(from, to) {
  const more = to < objects ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
  const entries = Array.from({ length: to - from }, (_, i) => entry(from + i));
  return `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bench</Name><Prefix>train/</Prefix><KeyCount>${to - from}</KeyCount><MaxKeys>${PAGE}</MaxKeys><IsTruncated>${to < objects}</IsTruncated>${more}${entries.join('')}</ListBucketResult>`;
}

/** An object of 1 to 200 MB. */
function entry(i) {
  const key = `train/part-${String(i).padStart(6, '0')}.tfrecord`;
  const size = 1_000_000 + ((i * 7_919_317) % 199_000_000);
  const etag = (i * 2_654_435_761).toString(16).padStart(32, '0').slice(0, 32);
  return `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}
