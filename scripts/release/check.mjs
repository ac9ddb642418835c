// Checks whether this commit can be published: `npm run release:check`, after a build. It also fails
// on what only the owner of the repository can fill in, so it is not one of the tests.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentProblems, ROOT } from './contents.mjs';
import { notesOf } from './notes.mjs';

const REPOSITORY = /^git\+https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\.git$/;
const manifest = JSON.parse(read('package.json'));

const checks = {
  'the owner is filled in': owner,
  'every change is in CHANGELOG.md': changes,
  'the working tree is that of a commit': workingTree,
  'the tag is that of the version': tag,
  'npm can verify where the package was built': provenance,
  'the contents of the package': contentProblems,
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const problems = check();
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${name}`);
  for (const problem of problems) console.log(`        ${problem}`);
  failed += problems.length === 0 ? 0 : 1;
}
process.exitCode = failed === 0 ? 0 : 1;

function owner() {
  const { repository, homepage, bugs } = manifest;
  const fields = { 'repository.url': repository.url, homepage, 'bugs.url': bugs.url };
  return Object.entries(fields)
    .filter(([, value]) => /\bOWNER\b/.test(value))
    .map(([name]) => `${name} in package.json contains the placeholder OWNER`);
}

function changes() {
  const files = readdirSync(join(ROOT, '.changeset')).filter(
    (file) => file.endsWith('.md') && file !== 'README.md',
  );
  const pending = files.map((file) => `.changeset/${file} is not released: npm run release:version`);
  const { version } = manifest;
  return notesOf(version) === undefined
    ? [...pending, `CHANGELOG.md has no section "## ${version}"`]
    : pending;
}

function workingTree() {
  const lines = git('status', '--porcelain').split('\n').filter(Boolean);
  return lines.map((line) => `not committed: ${line.slice(3)}`);
}

/** A version is published from the tag of its name, and only once. */
function tag() {
  const wanted = `v${manifest.version}`;
  const commit = git('rev-parse', '--verify', '--quiet', `refs/tags/${wanted}^{commit}`);
  const problems =
    commit === '' || commit === git('rev-parse', 'HEAD') ? [] : [`the tag ${wanted} is another commit`];
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;
  if (GITHUB_REF_TYPE === 'tag' && GITHUB_REF_NAME !== wanted)
    problems.push(`the tag is ${GITHUB_REF_NAME}, not ${wanted}`);
  return problems;
}

/** npm compares `repository` with the repository whose workflow publishes. */
function provenance() {
  const name = REPOSITORY.exec(manifest.repository.url)?.[1];
  const { GITHUB_REPOSITORY } = process.env;
  const workflow = read('.github/workflows/release.yml');
  return [
    ...(name === undefined
      ? ['repository.url in package.json is not git+https://github.com/NAME/NAME.git']
      : []),
    ...(GITHUB_REPOSITORY !== undefined && GITHUB_REPOSITORY !== name
      ? [`repository.url in package.json is not that of ${GITHUB_REPOSITORY}, which publishes`]
      : []),
    ...(/^ +id-token: write\b/m.test(workflow) ? [] : ['release.yml has no permission id-token: write']),
    ...(/npm publish --provenance\b/.test(workflow)
      ? []
      : ['release.yml does not publish with --provenance']),
    ...(manifest.private === undefined ? [] : ['package.json is private']),
  ];
}

function git(...args) {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout.trimEnd();
}

function read(path) {
  return readFileSync(join(ROOT, path), 'utf8');
}
