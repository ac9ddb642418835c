import { readColumns } from 'recordpipe/columns';
import { compileFeatures, fixedLen, varLen } from 'recordpipe/messages';

const plan = compileFeatures({ label: fixedLen([], 'int64'), price: varLen('float') }, { int64: 'number' });
let sum = 0;
let count = 0;
const labels = new Map();
for await (const { label, price } of readColumns('data/', plan)) {
  for (const value of price.values) sum += value;
  count += price.values.length;
  for (const value of label.values) labels.set(value, (labels.get(value) ?? 0) + 1);
}
const sorted = Object.fromEntries([...labels].sort(([a], [b]) => a - b));
console.log(JSON.stringify({ mean: Number((sum / count).toFixed(4)), labels: sorted }));
