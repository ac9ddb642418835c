/**
 * nginx as an object store. It sends files as fast as the machine can, supports ranges and If-Match
 * like S3, and ignores signatures. Listings are prepared files (bucket.mjs). A second port limits
 * the bytes per second of each connection, as S3 does. Two more do the same over HTTPS.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyMissing } from '../against/peer.mjs';
import { ENVIRONMENT } from './clients.mjs';

/** Throughput of one connection, according to AWS's guide. */
const LIMIT = '90m';
const START_MS = 10_000;
/** How long the server waits for a client that does not read its response. */
const SEND_SECONDS = 10;

/** Some systems do not have /usr/sbin in PATH. */
const NGINX = [...process.env.PATH.split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'nginx'))
  .find((path) => existsSync(path));

/** Reason why nginx is not available; undefined if it is. */
export const missingNginx = NGINX === undefined ? whyMissing('nginx') : undefined;

/**
 * @param {string} place a new directory
 * @param {import('./bucket.mjs').Bucket} bucket
 */
async function startNginx(place, bucket) {
  const ports = {};
  for (const name of ['fast', 'limited', 'secure', 'secureLimited']) ports[name] = await freePort();
  for (const folder of [place, join(place, 'temp')]) mkdirSync(folder, { recursive: true });
  const outage = join(place, 'outage');
  const requests = join(place, 'requests.log');
  const conf = join(place, 'nginx.conf');
  writeFileSync(conf, configuration({ place, bucket, outage, requests, ports }));
  const certificate = writeCertificate(place);
  writeFileSync(requests, '');
  const child = spawn(NGINX, ['-c', conf, '-p', place, '-e', join(place, 'error.log')], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  await untilItAnswers(`http://127.0.0.1:${ports.fast}/`, child);
  return {
    fast: `http://127.0.0.1:${ports.fast}`,
    limited: `http://127.0.0.1:${ports.limited}`,
    secure: `https://127.0.0.1:${ports.secure}`,
    secureLimited: `https://127.0.0.1:${ports.secureLimited}`,
    /** The environment in which clients trust the certificate. */
    environment: { ...ENVIRONMENT, AWS_CA_BUNDLE: certificate, NODE_EXTRA_CA_CERTS: certificate },
    /** During an outage, every response is 500. */
    outage(is) {
      if (is) writeFileSync(outage, '');
      else rmSync(outage, { force: true });
    },
    /** Returns the status and path of all requests since the last call. */
    async requests() {
      await sleep(50);
      const lines = readFileSync(requests, 'utf8').split('\n').slice(0, -1);
      writeFileSync(requests, '');
      return lines.map((line) => {
        const [status, path] = line.split(' ');
        return { status: Number(status), path };
      });
    },
    async close() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Calls `use(nginx)` with a server whose files are in `place`. */
export async function withNginx(place, bucket, use) {
  const nginx = await startNginx(join(place, 'nginx'), bucket);
  try {
    return await use(nginx);
  } finally {
    await nginx.close();
  }
}

/** Creates a certificate of this machine that is its own authority. Returns its path. */
function writeCertificate(place) {
  const [certificate, key] = [join(place, 'certificate.pem'), join(place, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const args = ['req', ...kind, ...names, '-keyout', key, '-out', certificate];
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${error?.message ?? stderr.trim()}`);
  return certificate;
}

function configuration({ place, bucket, outage, requests, ports }) {
  const tls = `ssl_certificate ${place}/certificate.pem; ssl_certificate_key ${place}/key.pem;`;
  const server = (port, more, secure) => `
  server {
    listen 127.0.0.1:${port} ${secure ? 'ssl ' : ''}backlog=1024;
    ${secure ? tls : ''}
    root ${bucket.root};
    ${more}
    if (-f ${outage}) { return 500; }
    location ~ "^/${bucket.name}/?$" {
      if ($listing) { rewrite ^ /${bucket.listings}/$listing last; }
      return 200;
    }
    location = / { return 200; }
    # In this location only: nginx would cache the outage file's existence for a minute.
    location / { open_file_cache max=10000; }
  }`;
  const pages = bucket.pages.map(({ pattern, file }) => `    "~${pattern}" ${file};`);
  return `
daemon off;
worker_processes 1;
pid ${place}/nginx.pid;
error_log ${place}/error.log;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  default_type application/octet-stream;
  types { application/xml xml; }
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  send_timeout ${SEND_SECONDS};
  log_format short '$status $uri';
  access_log ${requests} short;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${place}/temp/${name};`).join('\n')}
  map $args $listing {
    default "";
${pages.join('\n')}
  }
${server(ports.fast, '', false)}
${server(ports.limited, `limit_rate ${LIMIT};`, false)}
${server(ports.secure, '', true)}
${server(ports.secureLimited, `limit_rate ${LIMIT};`, true)}
}
`;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItAnswers(url, child) {
  for (const deadline = performance.now() + START_MS; performance.now() < deadline; ) {
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      if (child.exitCode !== null) throw new Error('nginx: did not start');
      await sleep(20);
    }
  }
  child.kill('SIGKILL');
  throw new Error('nginx: no response');
}
