import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTFRecord } from 'recordpipe';
import { collectStats } from 'recordpipe/check';
import { encodeExample } from 'recordpipe/messages';
import { reportName, reportText, shardReport } from 'recordpipe/scale';

const FILES = 100;
const FEATURES = 20;

/**
 * Writes validate and stats reports of many shards. Each report has 100 files; the stats are of
 * Examples with 20 features.
 */
export async function writeReports(folder, shards, scratch) {
  const plan = { files: { length: shards * FILES }, bytes: 0, hash: '0123456789abcdef'.repeat(4) };
  writeFileSync(scratch, exampleFile());
  const stats = await collectStats(scratch);
  const [file] = stats.files;
  for (let shard = 0; shard < shards; shard++) {
    const uris = Array.from(
      { length: FILES },
      (_, i) => `s3://bench/train/part-${String(i * shards + shard).padStart(6, '0')}.tfrecord`,
    );
    const results = {
      validate: { files: uris.map(checked) },
      stats: { ...stats, files: uris.map((uri) => ({ ...file, uri })), records: FILES * stats.records },
    };
    for (const [command, result] of Object.entries(results)) {
      const report = shardReport(command, plan, { shard, shards }, result);
      mkdirSync(join(folder, command), { recursive: true });
      writeFileSync(join(folder, command, reportName(report)), reportText(report));
    }
  }
}

function checked(uri) {
  return {
    uri,
    format: 'tfrecord',
    compression: 'none',
    ok: true,
    records: 1000,
    bytes: 100_000_000,
    errors: [],
    errorCount: 0,
    unreadable: false,
    warnings: [],
  };
}

function exampleFile() {
  const frames = Array.from({ length: 200 }, (_, record) => {
    const names = Array.from({ length: FEATURES }, (_, i) => `feature/${i}`);
    const value = (i) =>
      i % 2 === 0
        ? { kind: 'int64', value: [record * (i + 1)] }
        : { kind: 'float', value: [record / (i + 1), 1, 2] };
    return encodeTFRecord(encodeExample(Object.fromEntries(names.map((name, i) => [name, value(i)]))));
  });
  return Buffer.concat(frames);
}
