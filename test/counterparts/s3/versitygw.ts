import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, inPlace, installed, type S3Server } from './server.ts';

/**
 * Starts versitygw over a directory: buckets are subdirectories, objects are files. It verifies
 * signatures.
 */
export function startVersitygw(): Promise<S3Server> {
  return inPlace(async (place) => {
    const port = await freePort();
    const credentials = { accessKeyId: 'recordpipe', secretAccessKey: 'a-secret-of-no-one' };
    const region = 'us-east-1';
    const objects = join(place.path, 'objects');
    mkdirSync(objects);
    place.start(
      installed('versitygw/bin/versitygw'),
      ['--port', `127.0.0.1:${port}`, '--region', region, '--quiet', 'posix', objects],
      { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    );
    const endpoint = `http://127.0.0.1:${port}`;
    await place.untilItAnswers(endpoint);
    const fill = async (bucket: string, keys: readonly string[]): Promise<void> => {
      for (const key of keys) {
        const path = join(objects, bucket, key);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, 'x');
      }
    };
    return { endpoint, region, credentials, fill };
  });
}
