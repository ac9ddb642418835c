const root = process.env.RECORDPIPE_ROOT;
export default { turbopack: { root }, outputFileTracingRoot: root };
