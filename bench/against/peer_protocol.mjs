/**
 * The line protocol of bench/against (see README.md) for programs written in JavaScript: requests
 * arrive on stdin and responses are written to stdout, one JSON document per line.
 */

import { createInterface } from 'node:readline';

/**
 * Announces the program, then handles requests until stdin ends or `exit` arrives.
 * @param {{ name: string, version: string, notes?: object, operations: object }} peer operations:
 *   `{ op: { mode: async (request) => answer } }`
 */
export async function serve({ name, version, notes = {}, operations }) {
  const modes = Object.fromEntries(Object.entries(operations).map(([op, table]) => [op, Object.keys(table)]));
  send({ ready: true, name, version, modes, notes });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.op === 'exit') break;
    send({ id: request.id, ...(await perform(operations, request)) });
  }
  process.stdin.destroy();
}

async function perform(operations, request) {
  try {
    const operation = operations[request.op]?.[request.mode];
    if (!operation) throw new Error(`no such mode: ${request.op} ${request.mode}`);
    return await operation(request);
  } catch (error) {
    return { error: String(error?.message ?? error) };
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Returns the seconds since `start`, a value of `process.hrtime.bigint()`. */
export function secondsSince(start) {
  return Number(process.hrtime.bigint() - start) / 1e9;
}
