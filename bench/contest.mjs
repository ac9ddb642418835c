import { otherCheckout, within } from './checkout.mjs';
import { ROOT } from './machine.mjs';
import { median } from './statistics.mjs';

/**
 * Measures contestants in turn, round by round. Each round starts with the next contestant, so that
 * a temporary disturbance of the machine affects all of them.
 *
 * `open()` warms a contestant up and verifies its results. `turn()` runs once per round and returns
 * a value. `close()` ends it. A contestant that fails drops out and the reason is recorded; the
 * others continue.
 *
 * @param {{ key: string, open(): Promise<{ turn(): Promise<number>, close?(): Promise<void>,
 *   notes?: object }> }[]} contestants
 * @param {{ rounds: number, before?(): void }} options before: called before each turn, outside the
 *   measured time
 * @returns {Promise<Map<string, { rounds: number[], notes?: object } | { failed: string }>>}
 */
export async function contest(contestants, { rounds, before = () => {} }) {
  return otherCheckout() === undefined
    ? hold(contestants, rounds, before)
    : compare(contestants, rounds, before);
}

/**
 * Runs the contestants of recordpipe in this checkout and in another, in turn, and prints the
 * median over the rounds of the ratios between the two.
 */
async function compare(contestants, rounds, before) {
  const ours = contestants.filter(({ who }) => who?.startsWith('recordpipe'));
  const inCheckout = (one, checkout, key) => ({
    key,
    open: async () => {
      const { turn, ...rest } = await within(checkout, one.open);
      return { ...rest, turn: () => within(checkout, turn) };
    },
  });
  const both = ours.flatMap((one) => [
    inCheckout(one, ROOT, one.key),
    inCheckout(one, otherCheckout(), `${one.key} before`),
  ]);
  const outcomes = await hold(both, rounds, before);
  for (const { key } of contestants) if (!outcomes.has(key)) outcomes.set(key, { failed: 'not compared' });
  for (const { key, unit } of ours) {
    const [now, earlier] = [outcomes.get(key), outcomes.get(`${key} before`)];
    const failed = now.failed ?? earlier.failed;
    if (failed) console.log(`failed  ${key}: ${failed}`);
    else {
      const ratios = now.rounds.map((value, i) => value / earlier.rounds[i]);
      console.log(`${median(ratios).toFixed(3)}x  ${key}${unit === 'ms' ? ' (time: less is better)' : ''}`);
    }
  }
  return outcomes;
}

async function hold(contestants, rounds, before) {
  const outcomes = new Map();
  const running = [];
  const fail = ({ key }, error) => {
    outcomes.set(key, { failed: summaryOf(error.message) });
  };
  try {
    for (const contestant of contestants) {
      try {
        running.push({ ...contestant, ...(await contestant.open()) });
      } catch (error) {
        fail(contestant, error);
      }
    }
    for (const { key, notes } of running) outcomes.set(key, { rounds: [], notes });
    for (let round = 0; round < rounds; round++) {
      for (let k = 0; k < running.length; k++) {
        const contestant = running[(round + k) % running.length];
        const outcome = outcomes.get(contestant.key);
        if (outcome.rounds === undefined) continue;
        try {
          before();
          outcome.rounds.push(await contestant.turn());
        } catch (error) {
          fail(contestant, error);
        }
      }
    }
  } finally {
    for (const { close } of running) await close?.();
  }
  return outcomes;
}

/**
 * Returns the first line of a message, followed by the first later line that names an error, such
 * as a Python exception.
 */
function summaryOf(message) {
  const [first, ...rest] = message.split('\n');
  const reason = rest.find((line) => /^\w*Error\b/.test(line));
  return reason === undefined ? first : `${first}: ${reason}`;
}
