import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUARD = './tools/require-node.cjs';
const LINKER = 'tools/link-node.cjs';
const PLATFORM_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

function run(file: string, args: string[], cwd = ROOT) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(file, args, { cwd }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const readPackage = async () => JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));

/** Runs the guard in a process that claims to be this version of Node, on this platform. */
async function runAsNode(version: string, { cwd = ROOT, platform = process.platform } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-node-'));
  const disguise = join(folder, 'disguise.cjs');
  const versions = { ...process.versions, node: version };
  const script = `
    Object.defineProperty(process, 'versions', { value: ${JSON.stringify(versions)} });
    Object.defineProperty(process, 'platform', { value: '${platform}' });
  `;
  await writeFile(disguise, script);
  try {
    return await run(process.execPath, ['-r', disguise, '-r', GUARD, '-p', '"started"'], cwd);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('an old Node stops every npm script with one sentence that says what to install', async () => {
  const { code, stdout, stderr } = await runAsNode('20.20.2');
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  assert.match(
    stderr,
    /^Frontdesk needs Node 26 or newer, but this is Node 20\.20\.2: [^\n]*nodejs\.org[^\n]*\n$/,
  );
});

/** A copy of the guard where no packages are installed. */
async function runWithoutPackages(version: string, platform: NodeJS.Platform = process.platform) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-node-'));
  try {
    await mkdir(join(folder, 'tools'));
    for (const file of ['package.json', GUARD])
      await copyFile(join(ROOT, file), join(folder, file));
    return await runAsNode(version, { cwd: folder, platform });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const NO_PACKAGES = 'The packages of Frontdesk are not installed: run "npm ci" first.\n';

test('without packages, old and new Node stop every npm script with a sentence that names npm ci', async () => {
  for (const version of ['18.20.8', '26.10.0']) {
    const result = await runWithoutPackages(version);
    assert.deepEqual(result, { code: 1, stdout: '', stderr: NO_PACKAGES });
  }
});

test('without packages, an old Node says what to install if no package brings a new one', async () => {
  const { stderr } = await runWithoutPackages('20.20.2', 'freebsd');
  assert.match(stderr, /^Frontdesk needs Node 26 or newer.*nodejs\.org/);
  assert.equal((await runWithoutPackages('26.10.0', 'freebsd')).stderr, NO_PACKAGES);
});

test('the required version of Node is the one in package.json', async () => {
  const { engines } = await readPackage();
  const [required] = /\d+/.exec(engines.node) ?? [];
  assert.equal((await runAsNode(`${required}.0.0`)).stdout, 'started\n');
  assert.equal((await runAsNode(`${Number(required) - 1}.9.9`)).code, 1);
});

test('every npm script that runs Node checks its version first', async () => {
  const { scripts } = await readPackage();
  const unchecked = Object.entries<string>(scripts).filter(
    ([name, script]) => name !== 'postinstall' && !script.includes(`node -r ${GUARD} `),
  );
  assert.deepEqual(unchecked, []);
});

test('the installation links the bundled Node where npm has removed the link', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-link-'));
  const bundled = join(folder, 'node_modules', PLATFORM_PACKAGE);
  const { postinstall } = (await readPackage()).scripts;
  try {
    await mkdir(bundled, { recursive: true });
    await mkdir(join(folder, 'tools'));
    await copyFile(join(ROOT, LINKER), join(folder, LINKER));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { postinstall } }));
    const bin = { node: 'node.cjs' };
    const manifest = { name: PLATFORM_PACKAGE, version: '1.0.0', bin };
    await writeFile(join(bundled, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(bundled, 'node.cjs'), `#!${process.execPath}\nconsole.log('bundled');\n`);

    const { code, stderr } = await run('npm', ['run', '-s', 'postinstall'], folder);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const { stdout } = await run(join(folder, 'node_modules', '.bin', 'node'), []);
    assert.equal(stdout, 'bundled\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});
