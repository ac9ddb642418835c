// The entry point of the Lambda function: index.handler.
import { S3Client } from '@aws-sdk/client-s3';
import { createHandler } from './handler.js';

export const handler = createHandler({ s3: new S3Client({}) });
