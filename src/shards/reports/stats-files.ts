import type { DatasetStats, FileStats } from '../../stats/dataset-stats.ts';

/** The statistics with one entry for each file, also where parts of it were looked at one by one. */
export function withFilesOnce(stats: DatasetStats): DatasetStats {
  const files: FileStats[] = [];
  for (const file of stats.files) {
    const last = files[files.length - 1];
    if (last?.uri === file.uri) files[files.length - 1] = together(last, file);
    else files.push(file);
  }
  return files.length === stats.files.length ? stats : { ...stats, files };
}

function together(a: FileStats, b: FileStats): FileStats {
  return {
    uri: a.uri,
    format: a.format ?? b.format,
    compression: a.compression ?? b.compression,
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    findings: a.findings + b.findings,
    unreadable: a.unreadable || b.unreadable,
  };
}
