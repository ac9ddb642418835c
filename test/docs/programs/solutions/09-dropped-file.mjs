import { isRecordpipeError, openRecords } from 'recordpipe';

export async function check(file) {
  try {
    const { format, batches } = await openRecords(file);
    let records = 0;
    for await (const batch of batches) records += batch.length;
    return { format, records };
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    return { code: error.code, record: error.record, offset: error.offset };
  }
}
