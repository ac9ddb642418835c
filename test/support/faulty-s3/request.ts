import type { IncomingMessage } from 'node:http';

/** The operation of a request, using S3's names. */
export type Operation =
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'ListObjectsV2'
  | 'HeadBucket'
  | 'CreateBucket'
  | 'GetBucketLocation'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'unknown';

/** A request and the outcome of its response. */
export interface LoggedRequest {
  /** Zero-based, in order of arrival. */
  readonly id: number;
  readonly method: string;
  readonly operation: Operation;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly range: string | undefined;
  /** First byte of the requested range. */
  readonly from: number | undefined;
  readonly ifMatch: string | undefined;
  /** Zero-based number of the connection. */
  readonly socket: number;
  /** Milliseconds since the server started. */
  readonly at: number;
  endedAt: number | undefined;
  status: number | undefined;
  /** Body bytes passed to the connection. */
  sent: number;
  /** The fault that the script applied. */
  fault: string | undefined;
  /**
   * `whole`: the response was sent completely; `cut`: the script ended it; `left`: the client
   * disconnected.
   */
  outcome: 'under way' | 'whole' | 'cut' | 'left';
}

export function parseRequest(
  message: IncomingMessage,
  place: Pick<LoggedRequest, 'id' | 'socket' | 'at'>,
): LoggedRequest {
  const [path, search = ''] = splitOnce(message.url ?? '/', '?');
  const [bucket, key = ''] = splitOnce(path.slice(1), '/').map(decodeURIComponent);
  const query = new URLSearchParams(search);
  const method = message.method ?? '';
  const range = message.headers.range;
  const from = /^bytes=(\d+)-/.exec(range ?? '')?.[1];
  return {
    ...place,
    method,
    operation: operationOf(method, key, query),
    bucket,
    key,
    query,
    headers: message.headers,
    range,
    from: from === undefined ? undefined : Number(from),
    ifMatch: message.headers['if-match'],
    endedAt: undefined,
    status: undefined,
    sent: 0,
    fault: undefined,
    outcome: 'under way',
  };
}

function operationOf(method: string, key: string, query: URLSearchParams): Operation {
  const upload = query.has('uploadId');
  if (key === '') {
    if (method === 'GET' && query.has('location')) return 'GetBucketLocation';
    if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
    return method === 'HEAD' ? 'HeadBucket' : method === 'PUT' ? 'CreateBucket' : 'unknown';
  }
  switch (method) {
    case 'GET':
      return upload ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      return upload ? 'UploadPart' : 'PutObject';
    case 'POST':
      return query.has('uploads') ? 'CreateMultipartUpload' : upload ? 'CompleteMultipartUpload' : 'unknown';
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return 'unknown';
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
