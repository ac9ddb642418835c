import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { programPath } from '../job/find-program.ts';

/** Options for a private `/opt/ml`. */
export interface PrivateRootOptions {
  /** Host names that the program can resolve, with their addresses. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
}

/**
 * Script that mounts a folder on `/opt/ml` in the mount namespace of its process and then runs the
 * program in its place. Its arguments: the folder, lines for `/etc/hosts`, the user and group of
 * the program (empty to keep the current ones), and the program with its arguments.
 *
 * If `/opt/ml` does not exist, the script mounts an empty in-memory folder on `/opt` and mounts
 * every entry of the real `/opt` in it. The subshell's working directory still refers to the real
 * folder.
 *
 * The program's variables keep their names and values: bash also passes on variables whose names
 * are not valid in a shell, such as `SM_CHANNEL_MY-DATA`.
 */
const SCRIPT = `
recordpipe_path=$PATH
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
recordpipe_unshare=$(command -v unshare) || exit 1
if ! [ -d /opt/ml ]; then
  (
    cd /opt && mount -t tmpfs -o mode=755 tmpfs /opt || exit 1
    for entry in * .[!.]*; do
      if [ -L "$entry" ]; then cp -P "./$entry" "/opt/$entry"
      elif [ -d "$entry" ]; then mkdir "/opt/$entry" && mount --no-canonicalize --rbind "./$entry" "/opt/$entry"
      elif [ -e "$entry" ]; then : > "/opt/$entry" && mount --no-canonicalize --bind "./$entry" "/opt/$entry"
      fi || exit 1
    done
    mkdir /opt/ml
  ) || exit 1
fi
if [ -n "$2" ] && [ -f /etc/hosts ]; then
  mount -t tmpfs tmpfs /opt/ml && { echo "$2"; cat /etc/hosts; } > /opt/ml/hosts &&
  mount --bind /opt/ml/hosts /etc/hosts || exit 1
fi
mount --rbind "$1" /opt/ml || exit 1
case $PWD in /opt | /opt/*) cd "$PWD" ;; esac
if [ -n "$3" ]; then
  set -- "$recordpipe_unshare" --user --map-user="$3" --map-group="$4" -- "\${@:5}"
else
  shift 4
fi
PATH=$recordpipe_path
unset recordpipe_path recordpipe_unshare
exec "$@"
`;

/** A way to create a private view: options of `unshare`, and whether the program keeps its user. */
interface View {
  readonly flags: readonly string[];
  readonly restoresUser: boolean;
}

/**
 * The ways to try, in order. Root needs no user namespace, in which other users would have no name.
 * Old versions of `unshare` cannot restore the program's user, so the program sees itself as root.
 */
const VIEWS: readonly View[] = [
  { flags: ['--mount'], restoresUser: false },
  { flags: ['--user', '--map-root-user', '--mount'], restoresUser: true },
  { flags: ['--user', '--map-root-user', '--mount'], restoresUser: false },
];

/**
 * Returns a command that runs `command` with the folder `root` as its `/opt/ml`. Other processes
 * are not affected, and the folder `/opt/ml` need not exist. Root privileges are not needed if the
 * kernel allows user namespaces. The command is replaced by the program, so the process id is the
 * same.
 *
 * The first call tests whether this host allows private views, which takes about 20 ms.
 *
 * @param root an absolute path
 * @returns undefined if this host does not allow private views
 */
export function privateRootCommand(
  root: string,
  command: readonly string[],
  { hosts = {} }: PrivateRootOptions = {},
): readonly string[] | undefined {
  available ??= { view: availableView() };
  const { view } = available;
  if (view === undefined) return undefined;
  const lines = Object.entries(hosts).map(([name, address]) => `${address} ${name}`);
  return viewCommand(view, root, lines.join('\n'), command);
}

let available: { readonly view: View | undefined } | undefined;

function availableView(): View | undefined {
  if (process.platform !== 'linux') return undefined;
  const folder = tmpdir();
  return VIEWS.find((view) => {
    // The program checks its folder, and that it runs as the user of this process.
    const check = '[ /opt/ml -ef "$0" ] && [ -w /opt/ml ] && grep -q localhost /etc/hosts';
    const words = viewCommand(view, folder, '127.0.0.1 localhost', ['/bin/sh', '-c', check, folder]);
    return words !== undefined && spawnSync(words[0], words.slice(1), { stdio: 'ignore' }).status === 0;
  });
}

function viewCommand(
  { flags, restoresUser }: View,
  root: string,
  hosts: string,
  command: readonly string[],
): readonly string[] | undefined {
  const [unshare, bash] = [programPath('unshare'), programPath('bash')];
  if (unshare === undefined || bash === undefined) return undefined;
  const ids = restoresUser ? [process.geteuid?.(), process.getegid?.()].map(String) : ['', ''];
  const script = [bash, '-p', '-c', SCRIPT, 'recordpipe-private-root', root, hosts, ...ids];
  return [unshare, ...flags, '--', ...script, ...command];
}
