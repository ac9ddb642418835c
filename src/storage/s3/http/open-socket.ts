import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net';
import {
  connect as connectSecurely,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';

/** Address of a service. */
export interface Origin {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

/**
 * Opens sockets. All TLS sockets share their settings, because parsing certificates takes longer
 * than a handshake, and each resumes the last session of its origin.
 */
export class SocketOpener {
  readonly #ca: string | undefined;
  readonly #sessions = new Map<string, Buffer>();
  #context: SecureContext | undefined;

  /** @param ca certificate authorities in PEM format, which replace those of Node */
  constructor(ca: string | undefined) {
    this.#ca = ca;
  }

  /** Opens a socket, which reads into the memory of `onread`. */
  open(origin: Origin, onread: OnReadOpts): Socket {
    const { protocol, hostname, port } = origin;
    const host = hostname.replace(/^\[|\]$/g, '');
    return protocol === 'https:'
      ? this.#openSecurely(host, port ?? 443, onread)
      : connectPlain({ host, port: port ?? 80, onread });
  }

  #openSecurely(host: string, port: number, onread: OnReadOpts): TLSSocket {
    this.#context ??= createSecureContext({ ca: this.#ca });
    const origin = `${host}:${port}`;
    const session = this.#sessions.get(origin);
    const socket = connectSecurely({
      host,
      port,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ['http/1.1'],
      secureContext: this.#context,
      ...(session !== undefined && { session }),
      ...({ onread } as object), // Missing in Node's types.
    });
    return socket.on('session', (one: Buffer) => this.#sessions.set(origin, one));
  }
}
