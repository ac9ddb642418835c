import { optionalPackage } from './optional-package.ts';

/** The parquet-wasm package: the reference implementation in Rust, as WebAssembly. */
export type ParquetPackage = typeof import('parquet-wasm');

/** Imports parquet-wasm on first use. @throws RecordpipeError `missing-package` */
export function parquetPackage(): Promise<ParquetPackage> {
  return optionalPackage(
    'Parquet files need',
    ['parquet-wasm', 'apache-arrow'],
    () => import('parquet-wasm'),
  );
}
