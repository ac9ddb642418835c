import { otherCheckout, within } from './checkout.mjs';
import { ROOT } from './machine.mjs';
import { median } from './statistics.mjs';
import { by, during, duringSync } from './timings.mjs';

/** A contestant is measured this often before it may stop early. */
const MIN_ROUNDS = 3;
/** Its rounds are precise enough if they took this long together, or differ by less than this. */
const LONG_MS = 400;
const SMALL_SPREAD = 0.03;

/**
 * Measures contestants in turn, round by round. Each round starts with the next contestant, so that
 * a temporary disturbance of the machine affects all of them. A contestant stops after three rounds
 * if they were long or similar.
 *
 * `open()` warms a contestant up and verifies its results. `turn()` runs once per round and returns
 * a value. `close()` ends it. A contestant that fails drops out and the reason is recorded; the
 * others continue.
 *
 * @param {{ key: string, open(): Promise<{ turn(): Promise<number>, close?(): Promise<void>,
 *   notes?: object }> }[]} contestants
 * @param {{ rounds: number, minRounds?: number, before?(): void }} options before: called before
 *   each turn, outside the measured time
 * @returns {Promise<Map<string, { rounds: number[], notes?: object } | { failed: string }>>}
 */
export async function contest(contestants, { rounds, minRounds = MIN_ROUNDS, before = () => {} }) {
  return otherCheckout() === undefined
    ? hold(contestants, { rounds, minRounds, before })
    : compare(contestants, { rounds, minRounds: rounds, before });
}

/**
 * Runs the contestants of recordpipe in this checkout and in another, in turn, and prints the
 * median over the rounds of the ratios between the two.
 */
async function compare(contestants, options) {
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
  const outcomes = await hold(both, options);
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

async function hold(contestants, { rounds, minRounds, before }) {
  const outcomes = new Map();
  const running = [];
  const fail = ({ key }, error) => {
    outcomes.set(key, { failed: summaryOf(error.message) });
  };
  try {
    for (const contestant of contestants) {
      try {
        const open = () => by(contestant.key, () => contestant.open());
        running.push({ ...contestant, ...(await during('checking', open)) });
      } catch (error) {
        fail(contestant, error);
      }
    }
    for (const { key, notes } of running) outcomes.set(key, { rounds: [], notes });
    for (let round = 0; round < rounds; round++) {
      for (let k = 0; k < running.length; k++) {
        const contestant = running[(round + k) % running.length];
        const outcome = outcomes.get(contestant.key);
        if (outcome.rounds === undefined || contestant.done) continue;
        try {
          duringSync('memory', before);
          const turn = () => by(contestant.key, () => contestant.turn());
          const start = performance.now();
          outcome.rounds.push(await during('rounds', turn));
          contestant.took = (contestant.took ?? 0) + performance.now() - start;
          contestant.done = outcome.rounds.length >= minRounds && precise(outcome.rounds, contestant.took);
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

function precise(values, tookMs) {
  return tookMs >= LONG_MS || (Math.max(...values) - Math.min(...values)) / median(values) < SMALL_SPREAD;
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
