/** The processes of the peers. Each starts on first use and runs until the end. */

import { availablePeers, startPeer } from './against/peer.mjs';
import { subject } from './checkout.mjs';
import { during } from './timings.mjs';

const OURS = 'recordpipe';
const ours = () => ({ command: process.execPath, args: [subject(OURS)] });

export class Peers {
  #running = new Map();
  #peers = new Map(availablePeers().map((peer) => [peer.name, peer]));

  /**
   * @param {string | undefined} core the processor for processes that run on one core
   * @param {{ smoke: boolean }} options smoke: all cases share the processes of recordpipe
   */
  constructor(core, { smoke }) {
    this.core = core;
    this.smoke = smoke;
  }

  /** Returns the reason why a peer is not available; undefined if it is. */
  reason(name) {
    const peer = this.#peers.get(name);
    return peer?.available ? undefined : (peer?.reason ?? 'unknown peer');
  }

  /** Returns the process of a peer. One process runs on one core, and another on all. */
  async get(name, cores) {
    const key = `${name} ${cores}`;
    if (!this.#running.has(key)) {
      const { command, args } = name === OURS ? ours() : this.#peers.get(name);
      this.#running.set(key, startPeer(command, args, this.#placement(cores)));
    }
    const peer = this.#running.get(key);
    const { version } = await during('starting', () => peer.ready);
    return { version, call: (request) => peer.call(request), close: async () => {} };
  }

  /** Starts a new process of recordpipe. The caller closes it. */
  async fresh(cores) {
    if (this.smoke) return this.get(OURS, cores);
    const { command, args } = ours();
    const peer = startPeer(command, args, this.#placement(cores));
    const { version } = await during('starting', () => peer.ready);
    return { version, call: (request) => peer.call(request), close: () => peer.close() };
  }

  /** Starts a process of a peer besides the shared one. The caller closes it. */
  another(name) {
    const { command, args } = this.#peers.get(name);
    return startPeer(command, args);
  }

  async closeAll() {
    for (const peer of this.#running.values()) await peer.close();
    this.#running.clear();
  }

  #placement(cores) {
    return cores === 'one' ? { cpu: this.core } : {};
  }
}
