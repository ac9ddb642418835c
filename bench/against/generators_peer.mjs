/** The same chain, handwritten: an async generator per operator. */

import { AHEAD, BATCH, firstByte, half, serveChains } from './chain.mjs';

async function* range(count) {
  for (let i = 0; i < count; i++) yield i;
}

async function* map(source, change) {
  for await (const element of source) yield change(element);
}

async function* batch(source, size) {
  let elements = [];
  for await (const element of source) {
    elements.push(element);
    if (elements.length === size) {
      yield elements;
      elements = [];
    }
  }
  if (elements.length > 0) yield elements;
}

async function* prefetch(source, count) {
  const iterator = source[Symbol.asyncIterator]();
  const asked = [];
  for (;;) {
    while (asked.length <= count) asked.push(iterator.next());
    const { done, value } = await asked.shift();
    if (done) return;
    yield value;
  }
}

const chain = (source, change) => prefetch(batch(map(source, change), BATCH), AHEAD);

await serveChains('generators', `Node ${process.versions.node}`, {
  numbers: (count) => chain(range(count), half),
  records: (source) => chain(source, firstByte),
});
