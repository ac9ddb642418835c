import { spawn } from 'node:child_process';
import { abortError, onAbort as listenForAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';

const EXCLUSIVE = 2;
const WITHOUT_WAITING = 4;

const PERL = `open(my $file, "<&=", 3) or die; exit 0 if flock($file, $ARGV[0]);
exit 1 if $!{EWOULDBLOCK}; die "$!\\n"`;
const PYTHON = `import fcntl, sys
try: fcntl.flock(3, int(sys.argv[1]))
except BlockingIOError: sys.exit(1)`;

/**
 * Programs that take a flock(2) on their descriptor 3, in order of preference, with their
 * arguments. They exit with code 1, without a message, if another process holds the lock.
 */
const PROGRAMS: readonly (readonly [name: string, words: (isWaiting: boolean) => readonly string[]])[] = [
  ['flock', (isWaiting) => [...(isWaiting ? [] : ['-n']), '-x', '3']],
  ['perl', (isWaiting) => ['-e', PERL, operation(isWaiting)]],
  ['python3', (isWaiting) => ['-I', '-S', '-c', PYTHON, operation(isWaiting)]],
];

function operation(isWaiting: boolean): string {
  return String(isWaiting ? EXCLUSIVE : EXCLUSIVE | WITHOUT_WAITING);
}

/** Maximum delay of a timer. With a longer delay, Node fires the timer immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Options for taking a lock with a program. */
export interface Locking {
  /** Maximum time to wait for another holder. If undefined, does not wait. */
  readonly waitMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Takes a flock(2) with the first program that this host has. The lock belongs to the open file, so
 * it outlives the program and ends when this process closes the file or dies.
 *
 * @returns whether the program took the lock; undefined if this host has none of the programs
 * @throws RecordpipeError `aborted`, `io-failure`
 */
export async function lockWithProgram(
  descriptor: number,
  path: string,
  locking: Locking,
): Promise<boolean | undefined> {
  for (const [name, words] of PROGRAMS) {
    const isLocked = await run(name, words(locking.waitMs !== undefined), descriptor, path, locking);
    if (isLocked !== undefined) return isLocked;
  }
  return undefined;
}

/** Runs a program. @returns whether it took the lock; undefined if it does not exist */
function run(
  name: string,
  words: readonly string[],
  descriptor: number,
  path: string,
  { waitMs = Number.POSITIVE_INFINITY, signal }: Locking,
): Promise<boolean | undefined> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal));
    const env = { ...process.env, LC_ALL: 'C' }; // Perl warns about a locale that is not installed.
    const program = spawn(name, words, { stdio: ['ignore', 'ignore', 'pipe', descriptor], env });
    let stderr = '';
    let failure: RecordpipeError | undefined;
    let isMissing = false;
    let isLate = false;
    const onAbort = (): void => {
      failure ??= abortError(signal as AbortSignal);
      program.kill('SIGKILL');
    };
    const onTimeout = (): void => {
      isLate = true;
      program.kill('SIGKILL');
    };
    const timer = waitMs > MAX_TIMER_MS ? undefined : setTimeout(onTimeout, waitMs);
    listenForAbort(signal, onAbort);
    program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    program.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') isMissing = true;
      else failure ??= fileError(error, path);
    });
    program.on('close', (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (failure !== undefined) reject(failure);
      else if (isMissing) resolve(undefined);
      else if (code === 0) resolve(true);
      else if (isLate || (code === 1 && stderr === '')) resolve(false);
      else
        reject(
          new RecordpipeError('io-failure', `${name}: ${stderr.trim() || `code ${code}`}`, { uri: path }),
        );
    });
  });
}
