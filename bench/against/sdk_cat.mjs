/**
 * The AWS SDK alone, used as in its documentation: `node sdk_cat.mjs ENDPOINT BUCKET KEY` writes an
 * object to standard output.
 */

import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

const [endpoint, Bucket, Key] = process.argv.slice(2);
const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nothing' };
const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
await pipeline(Body, process.stdout);
client.destroy();
