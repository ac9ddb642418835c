// Builds dist/ after npm has installed the repository. `npm install --global` with the address of
// the repository passes --global to the installation of the dependencies, too, so that they are
// missing here: they are installed first. pre-commit installs hooks in this way.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const env = { ...process.env, npm_config_global: 'false', npm_config_location: 'project' };
const run = (command) => {
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
};
if (!existsSync('node_modules/rolldown')) run('npm ci --ignore-scripts --no-audit --no-fund');
run('npm run build');
