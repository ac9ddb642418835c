import { statObject } from '../../storage/inspect.ts';
import { objectOptions } from '../../storage/object-options.ts';
import { isRemote } from '../../storage/registry.ts';
import type { StreamChannel } from '../job/stream-channel.ts';
import { openContent } from './open-content.ts';
import { DEFAULT_STREAMER_OPTIONS, type PipeModeStreamerOptions } from './streamer-options.ts';

/** Options for {@link checkManifests}. */
export type ManifestChecking = Partial<
  Pick<PipeModeStreamerOptions, 'objects' | 'onBadLine' | 'maxLineBytes' | 'signal'>
>;

/** Maximum size of a remote manifest to download only for this check. */
const MAX_REMOTE_BYTES = 16 * 1024 * 1024;

/**
 * Checks the manifests of all channels, in any input mode, so that a job with an invalid manifest
 * fails before it downloads data or starts a program. Skips large remote manifests, which are
 * checked when their channel is opened.
 *
 * @throws RecordpipeError `malformed-manifest`, `missing-attribute`, `object-missing`,
 *   `access-denied`, `io-failure`, `aborted`
 */
export async function checkManifests(
  channels: readonly StreamChannel[],
  options: ManifestChecking = {},
): Promise<void> {
  const { onBadLine, maxLineBytes } = DEFAULT_STREAMER_OPTIONS;
  const signal = options.signal ?? new AbortController().signal;
  const opening = {
    onBadLine: options.onBadLine ?? onBadLine,
    maxLineBytes: options.maxLineBytes ?? maxLineBytes,
    objects: options.objects,
    signal,
  };
  const manifests = channels.filter(({ dataType }) => dataType !== 'S3Prefix');
  const checks = manifests.map(async (channel) => {
    const { uri } = channel;
    if (isRemote(uri)) {
      const { size } = await statObject(uri, { ...objectOptions(options.objects), signal });
      if (size > MAX_REMOTE_BYTES) return;
    }
    // Warnings are reported later, when the channel is opened for streaming.
    const content = await openContent(channel, {
      ...opening,
      share: undefined,
      strictShards: false,
      warn: () => {},
    });
    await content.close();
  });
  await Promise.all(checks);
}
