import { Channel } from '../channel.mjs';
import { median } from '../statistics.mjs';
import { measureWays } from './ways.mjs';

const EPOCHS = 9;

/**
 * Measures the overhead of an epoch: lock, index, opening the pipe, and its end. Figures are
 * milliseconds, each the median of several epochs.
 */
export async function runEpochs(context) {
  const { smoke, data } = context;
  const file = data.records('one', 1, 100);
  const roots = [];
  const way = (who, mode, rest) => {
    const root = data.name(`epochs-${who}`);
    roots.push(root);
    const channel = new Channel(root);
    const one = async (peer) => {
      const request = { op: 'pipe', mode, path: file.path, format: file.format };
      const answer = await channel.epoch(file.path, (place) => peer.call({ ...request, ...place }));
      if (answer.records !== 1) throw new Error(`${answer.records} records, expected 1`);
      return 1000 * answer.seconds;
    };
    const pass = async (peer) => {
      const took = [];
      while (took.length < (smoke ? 1 : EPOCHS)) took.push(await one(peer));
      return median(took);
    };
    return { who, what: 'epoch of one record', cores: 'all', unit: 'ms', pass, ...rest };
  };
  try {
    const ways = [way('recordpipe', 'views', { ours: true }), way('original', 'one by one')];
    await measureWays(ways, { group: 'channels' }, context);
  } finally {
    for (const path of [file.path, ...roots]) data.remove(path);
  }
}
