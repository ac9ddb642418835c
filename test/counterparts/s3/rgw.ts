import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, inPlace, type S3Server, type ServerPlace } from './server.ts';

/**
 * Starts Ceph's RADOS Gateway on a cluster of one monitor and one OSD that keeps its objects in
 * memory. The cluster has no manager, because nothing here needs one. The gateway requires cephx.
 */
export function startRgw(): Promise<S3Server> {
  return inPlace(async (place) => {
    const [monitor, gateway] = [await freePort(), await freePort()];
    const addresses = `[v2:127.0.0.1:${monitor}]`;
    const [cluster, osd] = [randomUUID(), randomUUID()];
    const conf = join(place.path, 'ceph.conf');
    mkdirSync(join(place.path, 'mon'));
    mkdirSync(join(place.path, 'osd'));
    writeFileSync(conf, configuration({ folder: place.path, cluster, addresses, gateway }));
    const at = (...args: string[]): string[] => ['-c', conf, ...args];
    const keyring = makeKeyring(place);
    const map = join(place.path, 'monmap');
    run(place, 'monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', addresses, map]);
    run(place, 'ceph-mon', at('-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring));
    place.start('ceph-mon', at('-i', 'a', '-f'));
    run(place, 'ceph', at('--connect-timeout', '30', 'osd', 'new', osd));
    run(place, 'ceph-osd', at('-i', '0', '--mkfs', '--osd-uuid', osd));
    place.start('ceph-osd', at('-i', '0', '-f'));
    place.start('radosgw', at('-n', 'client.rgw', '-f'));
    const endpoint = `http://127.0.0.1:${gateway}`;
    await place.untilItAnswers(endpoint);
    const credentials = { accessKeyId: 'recordpipe', secretAccessKey: 'a-secret-of-no-one' };
    const { accessKeyId, secretAccessKey } = credentials;
    const user = ['--uid=recordpipe', '--display-name=recordpipe', `--access-key=${accessKeyId}`];
    run(place, 'radosgw-admin', at('user', 'create', ...user, `--secret=${secretAccessKey}`));
    return { endpoint, region: 'us-east-1', credentials };
  });
}

interface Cluster {
  readonly folder: string;
  readonly cluster: string;
  readonly addresses: string;
  readonly gateway: number;
}

/** Intervals are short, because each of several pools waits for one. */
function configuration({ folder, cluster, addresses, gateway }: Cluster): string {
  return `
[global]
fsid = ${cluster}
mon host = ${addresses}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${folder}/keyring
run dir = ${folder}
log file = ${folder}/$name.log
admin socket = ${folder}/$name.asok
pid file =
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 10000
mon client hunt interval = 0.3
mon client hunt interval backoff = 1
mon tick interval = 1
paxos propose interval = 0.05
paxos min wait = 0.01
osd objectstore = memstore
memstore device bytes = 4294967296
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gateway}
`;
}

/** One keyring for all daemons. */
function makeKeyring(place: ServerPlace): string {
  const keyring = join(place.path, 'keyring');
  const everything = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
  run(place, 'ceph-authtool', [
    keyring,
    '--create-keyring',
    '--gen-key',
    '-n',
    'mon.',
    '--cap',
    'mon',
    'allow *',
  ]);
  for (const name of ['client.admin', 'osd.0', 'client.rgw'])
    run(place, 'ceph-authtool', [keyring, '--gen-key', '-n', name, ...everything]);
  return keyring;
}

function run({ path }: ServerPlace, command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, {
    cwd: path,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.slice(-2000)}`);
}
