import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Options } from '../object-options.ts';

/** The SDK, imported at the first upload: it takes 170 ms. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** A client and the module its commands come from. */
export interface UploadClient {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
}

export async function uploadClient(options: S3Options): Promise<UploadClient> {
  const sdk = await import('@aws-sdk/client-s3');
  const { region, profile, endpointUrl, pathStyle } = options;
  const endpoint = endpointUrl ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  const client = new sdk.S3Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined
      ? { region }
      : process.env['AWS_REGION'] === undefined && { region: 'us-east-1' }),
    ...(profile !== undefined && { profile }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    followRegionRedirects: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    ...(options.anonymous && { signer: { sign: async (request: never) => request } }),
  });
  return { sdk, client };
}
