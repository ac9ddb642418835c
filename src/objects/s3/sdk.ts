/** The AWS SDK's client of S3: imported when it is needed first, which takes a third of a second. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

export function s3Sdk(): Promise<S3Sdk> {
  return import('@aws-sdk/client-s3');
}
