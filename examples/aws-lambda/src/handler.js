import { PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { validateFiles } from 'recordpipe/check';

const MAX_ERRORS = 10;
/** Ends a run before Lambda ends the process, so that the log says why. */
const RESERVE_MS = 5_000;

/**
 * Creates a handler of S3's events `s3:ObjectCreated:*`. It validates each uploaded object and tags
 * it with `recordpipe=valid` or `recordpipe=invalid`.
 *
 * Invalid data does not fail the invocation, because a retry would find the same. An object that
 * cannot be read does, so that Lambda retries the event.
 *
 * @param s3 client that writes the tags
 * @param objects how recordpipe reads the objects. Default: as the AWS SDK does
 */
export function createHandler({ s3, objects }) {
  return async function handler(event, context) {
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS));
    const uploads = event.Records.map(uploadOf);
    const files = uploads.map(({ file }) => file);
    const report = await validateFiles(files, { maxErrors: MAX_ERRORS, objects, signal });
    const unreadable = [];
    for (const { uri, ok, records, bytes, errors, errorCount, unreadable: failed } of report.files) {
      console.log(JSON.stringify({ uri, ok, records, bytes, errorCount, errors }));
      if (failed) {
        unreadable.push(`${uri}: ${errors[0]?.message}`);
        continue;
      }
      const upload = uploads.find(({ file }) => file.uri === uri);
      await tag(s3, upload, ok ? 'valid' : 'invalid');
    }
    if (unreadable.length > 0) throw new Error(unreadable.join('\n'));
    return { files: report.totals.files, invalid: report.totals.bad };
  };
}

/** Returns the object of a record of an event. */
function uploadOf({ s3: { bucket, object } }) {
  // Keys in events are URL-encoded, and a space is a plus sign.
  const key = decodeURIComponent(object.key.replaceAll('+', ' '));
  // With its size and ETag, recordpipe reads exactly this version, or fails with `object-changed`.
  const file = { uri: `s3://${bucket.name}/${key}`, size: object.size, etag: object.eTag };
  return { bucket: bucket.name, key, file };
}

async function tag(s3, { bucket, key }, value) {
  // This replaces other tags of the object.
  const Tagging = { TagSet: [{ Key: 'recordpipe', Value: value }] };
  await s3.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: key, Tagging }));
}
