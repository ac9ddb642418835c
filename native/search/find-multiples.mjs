// Finds the sparse multiples of the CRC-32C polynomial that the folds use.
// Run with `node native/search/find-multiples.mjs`.
//
// A set of shifts is a multiple if 1 + the sum of y^shift is 0, where y is 1/x modulo the
// polynomial. Shifts in bits of a multiple are shifts in bytes of its eighth power. Half of each
// set is looked up in a table of all halves, so nine shifts take seconds.

const POLYNOMIAL = 0x1edc6f41;

/** Returns y^0 to y^limit. */
function powers(limit) {
  const values = new Uint32Array(limit + 1);
  values[0] = 1;
  for (let n = 1; n <= limit; n++) {
    const previous = values[n - 1];
    values[n] = previous & 1 ? ((previous ^ POLYNOMIAL) >>> 1) | 0x80000000 : previous >>> 1;
  }
  return values;
}

/** Calls `take(sum, chosen)` for each choice of `count` ascending numbers in [from, to]. */
function choose(values, count, from, to, take, chosen = [], sum = 0) {
  if (count === 0) return take(sum, chosen);
  for (let n = from; n <= to - count + 1; n++) {
    chosen.push(n);
    choose(values, count - 1, n + 1, to, take, chosen, (sum ^ values[n]) >>> 0);
    chosen.pop();
  }
}

/** Returns all sets of `count` shifts in [from, to] that are multiples. */
function multiples(count, from, to) {
  const values = powers(to);
  const half = count >> 1;
  const halves = new Map();
  choose(values, half, from, to, (sum, chosen) => {
    const others = halves.get(sum);
    if (others) others.push([...chosen]);
    else halves.set(sum, [[...chosen]]);
  });
  const found = [];
  choose(values, count - half, from, to, (sum, chosen) => {
    for (const low of halves.get((sum ^ 1) >>> 0) ?? []) {
      if (low[half - 1] < chosen[0]) found.push([...low, ...chosen]);
    }
  });
  return found.sort((a, b) => a[count - 1] - b[count - 1]);
}

const whole = (shift) => shift % 16 === 0;
/** Returns the number of distinct shuffles that a set needs if all operands come from registers. */
const shuffles = (set) => new Set(set.filter((shift) => !whole(shift)).map((shift) => shift % 16)).size;

function show(title, sets) {
  console.log(title);
  for (const set of sets) console.log('  ', set.join(' '));
}

show(
  'fold-long: 3 shifts, one near enough for registers',
  multiples(3, 16, 8000).filter(([near]) => near <= 80),
);

show(
  'fold-medium: 5 shifts, each from registers (to 64), whole, or far enough (238) for straddled stores to be through',
  multiples(5, 16, 400).filter((set) => set.every((shift) => shift <= 64 || whole(shift) || shift >= 238)),
);

const few = multiples(7, 16, 176).filter((set) => shuffles(set) <= 3);
show('fold-few: 7 shifts with at most 3 shuffles', few);

const short = multiples(9, 16, 64).sort((a, b) => shuffles(a) - shuffles(b));
show('fold-short: 9 shifts to 64, fewest shuffles first', short);
