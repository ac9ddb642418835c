/** Where the time of a run goes: by phase, and by contestant. `--timings` prints it. */

const PHASES = ['files', 'starting', 'checking', 'memory', 'rounds', 'other'];
/** Number of contestants to name. */
const SLOWEST = 4;

let phase = 'other';
let since = performance.now();
let byPhase = new Map();
let byContestant = new Map();

/** Runs `work`. Its time counts for the phase `name`, except for the phases that it enters. */
export async function during(name, work) {
  const before = enter(name);
  try {
    return await work();
  } finally {
    enter(before);
  }
}

/** The same for a function that returns no promise. */
export function duringSync(name, work) {
  const before = enter(name);
  try {
    return work();
  } finally {
    enter(before);
  }
}

/** Adds the time of `work` to a contestant. */
export async function by(key, work) {
  const start = performance.now();
  try {
    return await work();
  } finally {
    byContestant.set(key, (byContestant.get(key) ?? 0) + performance.now() - start);
  }
}

/** Returns a line with the seconds since the previous call. */
export function takeTimings() {
  enter(phase);
  const seconds = (ms) => (ms / 1000).toFixed(1);
  const phases = PHASES.filter((name) => byPhase.has(name)).map(
    (name) => `${name} ${seconds(byPhase.get(name))}`,
  );
  const slowest = [...byContestant]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SLOWEST)
    .map(([key, ms]) => `${key} ${seconds(ms)}`);
  byPhase = new Map();
  byContestant = new Map();
  return `seconds: ${phases.join(', ')}${slowest.length > 0 ? `; slowest: ${slowest.join(', ')}` : ''}`;
}

/** Changes the phase. Returns the previous one. */
function enter(name) {
  const now = performance.now();
  byPhase.set(phase, (byPhase.get(phase) ?? 0) + now - since);
  const before = phase;
  phase = name;
  since = now;
  return before;
}
