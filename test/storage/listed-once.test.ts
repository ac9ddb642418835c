import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { encodeExample } from '../../src/messages/example/encode-example.ts';
import { cli } from '../support/cli.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { oracleFile } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir();
const file = oracleFile([encodeExample({ id: { kind: 'int64', value: [1] } })]);
const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'us-east-1' };
let server: FaultyS3;

beforeAll(async () => {
  server = await faultyS3({
    objects: {
      'bucket/data/a.tfrecord': file,
      'bucket/data/b.tfrecord': file,
      'bucket/data/c': file,
    },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.log.length = 0;
});

const local = (name: string): string => `${folder.path}/${name}`;

const COMMANDS: readonly (readonly string[])[] = [
  ['validate', 's3://bucket/data'],
  ['validate', 's3://bucket/data/'],
  ['validate', 's3://bucket/data/*.tfrecord'],
  ['validate', 's3://bucket/data/', '--report', local('report.json')],
  ['validate', 's3://bucket/data/', '--report', 's3://bucket/reports/report.json'],
  ['count', 's3://bucket/data/'],
  ['stats', 's3://bucket/data/', '--html', local('page.html')],
  ['schema', 's3://bucket/data/', '-o', local('schema.json')],
  ['index', 's3://bucket/data/'],
  ['plan', 's3://bucket/data/', '-o', local('plan.jsonl'), '--shards', '2'],
  ['merge', 's3://bucket/data/', '-o', local('of-prefix.tfrecord')],
  ['merge', 's3://bucket/data/*', '-o', local('merged.tfrecord')],
  ['convert', 's3://bucket/data/', '--output-dir', local('converted'), '--to', 'recordio'],
  ['repair', 's3://bucket/data/', '--output-dir', local('repaired')],
  ['cat', 's3://bucket/data/', '--base64'],
  ['manifest', 'create', 's3://bucket/data/', '-o', local('data.manifest')],
];

test.each(COMMANDS.map((args) => [args.join(' ').replaceAll(`${folder.path}/`, ''), args] as const))(
  '%s lists its prefix once',
  async (_, args) => {
    const { code, stderr } = await cli([...args, '--endpoint-url', server.url], { env });
    expect([code, stderr.replace(/.*warning.*\n/g, '')]).toEqual([0, expect.any(String)]);
    const listed = server.log.filter(({ operation }) => operation === 'ListObjectsV2');
    const prefixes = listed.map(({ query }) => query.get('prefix') ?? '');
    expect(prefixes.filter((prefix) => prefix.startsWith('data'))).toHaveLength(1);
  },
);
