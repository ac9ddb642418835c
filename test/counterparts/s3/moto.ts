import { Client } from 'undici';
import { freePort, inPlace, installed, type S3Server } from './server.ts';

/** moto's server: everything in memory, every signature is welcome. */
export function startMoto(): Promise<S3Server> {
  return inPlace(async (place) => {
    const port = await freePort();
    place.start(installed('moto/bin/python'), ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      PYTHONDONTWRITEBYTECODE: '1',
    });
    const endpoint = `http://127.0.0.1:${port}`;
    await place.untilItAnswers(endpoint);
    const credentials = { accessKeyId: 'recordpipe', secretAccessKey: 'a-secret-of-no-one' };
    // Nothing needs to be signed here.
    const fill = async (bucket: string, keys: readonly string[]): Promise<void> => {
      const client = new Client(endpoint, { pipelining: 16 });
      const put = async (key: string): Promise<void> => {
        const path = `/${bucket}/${key}`;
        const { body } = await client.request({ method: 'PUT', path, body: 'x' });
        await body.dump();
      };
      let next = 0;
      const some = async (): Promise<void> => {
        while (next < keys.length) await put(keys[next++]!);
      };
      await Promise.all(Array.from({ length: 4 }, some));
      await client.close();
    };
    return { endpoint, region: 'us-east-1', credentials, fill };
  });
}
