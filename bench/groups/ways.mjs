import { contest } from '../contest.mjs';

/**
 * Measures several ways of doing something in turn and adds their figures. A way consists of `who`,
 * `what`, `cores`, `unit`, and `pass(peer)`, which verifies the result and returns the value.
 * `prepare(peer)` runs once before the first pass. `ours`: runs in a new process of recordpipe;
 * `records`: added to the figure.
 */
export async function measureWays(ways, group, { rounds, peers, add }) {
  const place = ({ who, what, cores, records }) => ({
    ...group,
    who,
    what,
    cores,
    ...(records !== undefined && { records }),
  });
  const contestants = [];
  for (const way of ways) {
    const missing = way.ours ? undefined : peers.reason(way.who);
    if (missing) add({ ...place(way), skipped: missing });
    else {
      const key = `${way.who} ${way.what} (${way.cores})`;
      contestants.push({ ...way, key, open: () => open(way, peers) });
    }
  }
  const outcomes = await contest(contestants, { rounds });
  for (const way of contestants) {
    const { rounds: values, failed, notes } = outcomes.get(way.key);
    add(failed ? { ...place(way), failed } : { ...place(way), ...notes, unit: way.unit, rounds: values });
  }
}

async function open({ who, cores, ours, prepare, pass }, peers) {
  const peer = ours ? await peers.fresh(cores) : await peers.get(who, cores);
  try {
    await prepare?.(peer);
    await pass(peer);
    return { turn: () => pass(peer), notes: { version: peer.version }, close: peer.close };
  } catch (error) {
    await peer.close();
    throw error;
  }
}
