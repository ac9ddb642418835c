import type { ChannelConfig } from './input-data-config.ts';
import type { RecordFormatName } from './pipe-mode-options.ts';

/** What looks wrong about a channel's `RecordWrapperType` and how it is read; undefined if nothing does. */
export function wrapperMistake(
  { RecordWrapperType = 'None' }: ChannelConfig,
  channel: string,
  recordFormat: RecordFormatName,
  hasAttributes: boolean,
): string | undefined {
  const wrapped = RecordWrapperType.toLowerCase() === 'recordio';
  if (wrapped && recordFormat !== 'RecordIO') {
    return `channel ${channel} has RecordWrapperType RecordIO, which puts each object into a record, but is read as ${recordFormat}; drop one of the two`;
  }
  if (!wrapped && hasAttributes) {
    return `channel ${channel} has RecordWrapperType ${RecordWrapperType}: attributes of an augmented manifest then follow each other without borders; start the job with RecordWrapperType RecordIO`;
  }
  return undefined;
}
