/**
 * Lets contestants take turns, round by round, each round beginning with the next one: what disturbs the machine
 * for a while then disturbs all of them.
 *
 * A contestant opens (`open()`, which also warms up and asserts that its answers are right), is asked `rounds` times for a
 * value, and is closed. One that fails is out, with the reason; the others go on.
 *
 * @param {{ key: string, open(): Promise<{ turn(): Promise<number>, close?(): Promise<void>, notes?: object }> }[]} contestants
 * @param {{ rounds: number, before?(): void }} options before: done before each turn, outside of what is measured
 * @returns {Promise<Map<string, { rounds: number[], notes?: object } | { failed: string }>>}
 */
export async function contest(contestants, { rounds, before = () => {} }) {
  const outcomes = new Map();
  const running = [];
  const fail = ({ key }, error) => {
    outcomes.set(key, { failed: inOneLine(error.message) });
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

/** The first line; behind it, of what a process wrote before it died, the line that names an error. */
function inOneLine(message) {
  const [first, ...rest] = message.split('\n');
  const reason = rest.find((line) => /^\w*Error\b/.test(line));
  return reason === undefined ? first : `${first}: ${reason}`;
}
