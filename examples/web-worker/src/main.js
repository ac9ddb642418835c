import { readColumns } from './read-columns.js';

const input = document.getElementById('file');
const result = document.getElementById('result');

input.addEventListener('change', async () => {
  const [file] = input.files;
  if (file === undefined) return;
  input.disabled = true;
  result.textContent = 'Reading …';
  try {
    result.textContent = describe(await meanScores(file));
  } catch (error) {
    console.error(error);
    result.textContent = error.message;
  } finally {
    input.disabled = false;
  }
});

/** Returns the number of records and the mean score of each label. */
async function meanScores(file) {
  const groups = new Map();
  for await (const { labels, scores } of readColumns(file)) {
    for (let i = 0; i < labels.length; i++) {
      const group = groups.get(labels[i]) ?? { records: 0, sum: 0 };
      group.records++;
      group.sum += scores[i];
      groups.set(labels[i], group);
    }
  }
  return groups;
}

function describe(groups) {
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([label, { records, sum }]) => `label ${label}: ${records} records, mean score ${sum / records}`)
    .join('\n');
}
