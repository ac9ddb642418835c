import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/**
 * Starts a small S3 on loopback: GetObject with ranges, HeadObject and PutObjectTagging.
 * @param objects contents by `/bucket/key`; the server adds `tags` to what it returns
 */
export async function startS3(objects) {
  const tags = new Map();
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const path = decodeURIComponent(pathname);
    const bytes = objects.get(path);
    if (bytes === undefined) return void fail(response, 404, 'NoSuchKey');
    if (request.method === 'PUT' && searchParams.has('tagging')) {
      let body = '';
      for await (const chunk of request) body += chunk;
      tags.set(path, /<Value>(.*?)<\/Value>/.exec(body)[1]);
      return void response.end();
    }
    const etag = `"${etagOf(bytes)}"`;
    const match = request.headers['if-match'];
    if (match !== undefined && match !== etag) return void fail(response, 412, 'PreconditionFailed');
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = range === null ? 0 : Number(range[1]);
    const end = Math.min(range?.[2] ? Number(range[2]) + 1 : bytes.length, bytes.length);
    response.writeHead(range === null ? 200 : 206, {
      etag,
      'content-length': end - start,
      ...(range !== null && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
    });
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(start, end));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    tags,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export function etagOf(bytes) {
  return createHash('md5').update(bytes).digest('hex');
}

function fail(response, status, code) {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
