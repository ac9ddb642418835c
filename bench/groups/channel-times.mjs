import { runEpochs } from './epochs.mjs';
import { runManyChannels } from './many-channels.mjs';

/** Times of channels in Pipe mode that are not about their bytes. */
export async function runChannelTimes(cases, context) {
  for (const { what } of cases) await (what === 'epoch' ? runEpochs : runManyChannels)(context);
}
