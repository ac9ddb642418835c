import type { OptionNames } from '../bytes/option-names.ts';
import type { LayoutOptions } from './layout-options.ts';
import type { FrameScanOptions } from './scan-frames.ts';

/** The names of the options that say how a file is cut into records. */
const LAYOUT_NAMES: OptionNames<LayoutOptions> = {
  format: true,
  multipart: true,
  lenientFlags: true,
  delimiter: true,
  cr: true,
  payloadCrc: true,
  objects: true,
};

/** With those of a scan. */
export const SCAN_NAMES: OptionNames<FrameScanOptions> = {
  ...LAYOUT_NAMES,
  checksum: true,
  maxRecordBytes: true,
  onProgress: true,
  signal: true,
};
