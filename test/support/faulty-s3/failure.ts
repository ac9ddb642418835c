/** An error response in S3's format. */
export class S3Failure extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Additional elements of the body, such as `Region`. */
  readonly elements: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string = MESSAGES[code] ?? code,
    { headers = {}, elements = {} }: Partial<Pick<S3Failure, 'headers' | 'elements'>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.elements = elements;
  }

  body(resource: string, requestId: string): string {
    const more = Object.entries(this.elements).map(
      ([name, value]) => `<${name}>${escapeXml(value)}</${name}>`,
    );
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${this.code}</Code><Message>${escapeXml(this.message)}</Message>` +
      `${more.join('')}<Resource>${escapeXml(resource)}</Resource><RequestId>${requestId}</RequestId><HostId>faulty</HostId></Error>`
    );
  }
}

/** S3's error code for a status, if a script has only the status. */
export const CODES: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  400: 'InvalidRequest',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  408: 'RequestTimeout',
  409: 'OperationAborted',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'SlowDown',
  504: 'GatewayTimeout',
};

const MESSAGES: Readonly<Record<string, string>> = {
  AccessDenied: 'Access Denied',
  BadDigest: 'The checksum you specified did not match what we received.',
  EntityTooSmall: 'Your proposed upload is smaller than the minimum allowed size',
  ExpiredToken: 'The provided token has expired.',
  InternalError: 'We encountered an internal error. Please try again.',
  InvalidPart: 'One or more of the specified parts could not be found.',
  InvalidPartOrder: 'The list of parts was not in ascending order.',
  InvalidRange: 'The requested range is not satisfiable',
  NoSuchBucket: 'The specified bucket does not exist',
  NoSuchKey: 'The specified key does not exist.',
  NoSuchUpload: 'The specified multipart upload does not exist.',
  NoSuchVersion: 'The specified version does not exist.',
  NotImplemented: 'A header or query you provided implies functionality that is not implemented.',
  PermanentRedirect:
    'The bucket you are attempting to access must be addressed using the specified endpoint.',
  PreconditionFailed: 'At least one of the pre-conditions you specified did not hold',
  RequestTimeTooSkewed: 'The difference between the request time and the current time is too large.',
  SlowDown: 'Please reduce your request rate.',
};

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (one) => ENTITIES[one]);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
