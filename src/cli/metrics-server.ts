import type { Server } from 'node:http';
import { UsageError } from 'recordpipe/errors';
import type { ChannelMetrics } from 'recordpipe/pipemode/streamer';
import { complain } from './output.ts';

const MAX_PORT = 65_535;

/** A server of Prometheus metrics. Does nothing if no port was given. */
export interface MetricsServer {
  close(): void;
}

/**
 * Serves the metrics of channels to Prometheus on 127.0.0.1, and prints the address on standard
 * error.
 * @param port the port, or 0 for any free port; if undefined, nothing is served
 */
export async function serveMetrics(
  metrics: () => readonly ChannelMetrics[],
  port: number | undefined,
): Promise<MetricsServer> {
  if (port === undefined) return { close: () => {} };
  if (port > MAX_PORT)
    throw new UsageError(`--metrics-port: expected a port from 0 to ${MAX_PORT}, got ${port}`);
  const [{ createServer }, { prometheusText }] = await Promise.all([
    import('node:http'),
    import('recordpipe/pipemode/streamer'),
  ]);
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(prometheusText(metrics()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  server.unref();
  complain(`recordpipe: metrics: http://127.0.0.1:${portOf(server)}/metrics`);
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}
