import { freePort, inPlace, installed, type S3Server } from './server.ts';

/** Starts moto's server, which keeps objects in memory and accepts every signature. */
export function startMoto(): Promise<S3Server> {
  return inPlace(async (place) => {
    const port = await freePort();
    place.start(installed('moto/bin/python'), ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      PYTHONDONTWRITEBYTECODE: '1',
    });
    const endpoint = `http://127.0.0.1:${port}`;
    await place.untilItAnswers(endpoint);
    const credentials = { accessKeyId: 'recordpipe', secretAccessKey: 'a-secret-of-no-one' };
    return { endpoint, region: 'us-east-1', credentials };
  });
}
