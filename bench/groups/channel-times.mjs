import { runEpochs } from './epochs.mjs';
import { runManyChannels } from './many-channels.mjs';

/** Measures Pipe mode times that do not depend on the number of bytes. */
export async function runChannelTimes(cases, context) {
  for (const { what } of cases) await (what === 'epoch' ? runEpochs : runManyChannels)(context);
}
