/** @type {import('next').NextConfig} */
export default {
  // Loads recordpipe from node_modules at run time instead of bundling it, so that its worker threads
  // and optional packages work as in any Node program.
  serverExternalPackages: ['recordpipe'],
  // Next.js otherwise searches for a lock file in the parent folders.
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
};
