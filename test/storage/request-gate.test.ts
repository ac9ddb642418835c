import { describe, expect, test } from 'vitest';
import { type GateSeat, RequestGate } from '../../src/storage/prefetch/request-gate.ts';

/** Requests `count` slots, and counts those that are granted. */
function ask(gate: RequestGate, seat: GateSeat, count: number): void {
  for (let i = 0; i < count; i++) gate.enter(seat, () => {});
}

describe('fairness', () => {
  test('a later stream gets free slots until it has an equal share', () => {
    const gate = new RequestGate(8);
    const [greedy, late] = [gate.seat(8), gate.seat(8)];
    ask(gate, greedy, 100);
    expect([greedy.active, late.active]).toEqual([8, 0]);
    ask(gate, late, 100);
    for (let i = 0; i < 4; i++) gate.leave(greedy);
    expect([greedy.active, late.active]).toEqual([4, 4]);
    for (let i = 0; i < 50; i++) gate.leave(i % 2 === 0 ? greedy : late);
    expect(Math.abs(greedy.active - late.active)).toBeLessThanOrEqual(1);
    expect(gate.active).toBe(8);
  });

  test('a stream at its limit leaves the rest to others', () => {
    const gate = new RequestGate(8);
    const [few, many] = [gate.seat(2), gate.seat(8)];
    ask(gate, few, 10);
    ask(gate, many, 10);
    expect([few.active, many.active]).toEqual([2, 6]);
  });

  test('a cancelled wait is skipped', () => {
    const gate = new RequestGate(1);
    const [first, second, third] = [gate.seat(1), gate.seat(1), gate.seat(1)];
    ask(gate, first, 1);
    const giveUp = gate.enter(second, () => expect.unreachable());
    ask(gate, third, 1);
    giveUp();
    gate.leave(first);
    expect([second.active, third.active]).toEqual([0, 1]);
  });
});

describe('a throttling service', () => {
  test('one rejection halves the limit, even with few requests in progress', () => {
    const gate = new RequestGate(32);
    const seat = gate.seat(32);
    ask(gate, seat, 1);
    gate.throttled(performance.now());
    expect(gate.limit).toBe(16);
  });

  test('requests that were sent together halve it once', async () => {
    const gate = new RequestGate(32);
    const sentAt = performance.now();
    for (let i = 0; i < 20; i++) gate.throttled(sentAt);
    expect(gate.limit).toBe(16);
    while (performance.now() <= sentAt + 1) await new Promise(setImmediate);
    gate.throttled(performance.now());
    expect(gate.limit).toBe(8);
  });

  test('throttling never stops all requests, and the limit recovers', async () => {
    const gate = new RequestGate(32);
    for (let i = 0; i < 10; i++) {
      const before = performance.now();
      while (performance.now() <= before) await new Promise(setImmediate);
      gate.throttled(performance.now());
    }
    expect(gate.limit).toBe(1);
    for (let i = 0; i < 8 * 31; i++) gate.clean();
    expect(gate.limit).toBe(32);
  });

  test('slots above the limit are not granted until enough are free', () => {
    const gate = new RequestGate(8);
    const seat = gate.seat(8);
    ask(gate, seat, 20);
    gate.throttled(performance.now());
    for (let i = 0; i < 4; i++) gate.leave(seat);
    expect(seat.active).toBe(4);
    gate.leave(seat);
    expect(seat.active).toBe(4);
  });
});
