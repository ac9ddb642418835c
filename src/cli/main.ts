#!/usr/bin/env node
// Imported here, so that a failure to load a module (too many open files) is reported like any other.
try {
  const { program } = await import('./program.ts');
  const root = await program(process.argv[2]);
  await root.parseAsync();
} catch (error) {
  process.exitCode = await report(error);
}

async function report(error: unknown): Promise<number> {
  try {
    const { fail } = await import('./fail.ts');
    return await fail(error);
  } catch {
    process.stderr.write(
      `recordpipe: io-failure: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 3;
  }
}
