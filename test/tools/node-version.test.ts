import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProcess } from './run-tool.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUARD = './tools/require-node.cjs';
const LINKER = 'tools/link-node.cjs';
const PLATFORM_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

const readPackage = async () => JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));

/** Runs the guard in a process that reports this version of Node and this platform. */
async function runAsNode(version: string, { cwd = ROOT, platform = process.platform } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-node-'));
  const preload = join(folder, 'preload.cjs');
  const versions = { ...process.versions, node: version };
  const script = `
    Object.defineProperty(process, 'versions', { value: ${JSON.stringify(versions)} });
    Object.defineProperty(process, 'platform', { value: '${platform}' });
  `;
  await writeFile(preload, script);
  try {
    const args = ['-r', preload, '-r', GUARD, '-p', '"started"'];
    return await runProcess(process.execPath, args, { cwd });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs a copy of the guard in a folder without packages. */
async function runWithoutPackages(version: string, platform: NodeJS.Platform = process.platform) {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-node-'));
  try {
    await mkdir(join(folder, 'tools'));
    for (const file of ['package.json', GUARD]) {
      await copyFile(join(ROOT, file), join(folder, file));
    }
    return await runAsNode(version, { cwd: folder, platform });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const NO_PACKAGES = 'The packages of Frontdesk are not installed: run "npm ci" first.\n';

describe('The Node version guard', () => {
  it('stops every npm script on an old Node with one sentence that names the version to install', async () => {
    const { code, stdout, stderr } = await runAsNode('20.20.2');
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert.match(
      stderr,
      /^Frontdesk needs Node 26 or newer, but this is Node 20\.20\.2: [^\n]*nodejs\.org[^\n]*\n$/,
    );
  });

  it('stops every npm script without packages with a sentence that names npm ci, on an old and a new Node', async () => {
    for (const version of ['18.20.8', '26.10.0']) {
      const result = await runWithoutPackages(version);
      assert.deepEqual(result, { code: 1, stdout: '', stderr: NO_PACKAGES });
    }
  });

  it('names the version to install on an old Node without packages if no package contains a Node', async () => {
    const { stderr } = await runWithoutPackages('20.20.2', 'freebsd');
    assert.match(stderr, /^Frontdesk needs Node 26 or newer.*nodejs\.org/);
    assert.equal((await runWithoutPackages('26.10.0', 'freebsd')).stderr, NO_PACKAGES);
  });

  it('requires the version of Node that package.json names', async () => {
    const { engines } = await readPackage();
    const [required] = /\d+/.exec(engines.node) ?? [];
    assert.equal((await runAsNode(`${required}.0.0`)).stdout, 'started\n');
    assert.equal((await runAsNode(`${Number(required) - 1}.9.9`)).code, 1);
  });

  it('runs before every npm script that runs Node', async () => {
    const { scripts } = await readPackage();
    const unchecked = Object.entries<string>(scripts).filter(
      ([name, script]) => name !== 'postinstall' && !script.includes(`node -r ${GUARD} `),
    );
    assert.deepEqual(unchecked, []);
  });
});

describe('npm install', () => {
  it('links the bundled Node if npm has removed the link', async () => {
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
      await writeFile(
        join(bundled, 'node.cjs'),
        `#!${process.execPath}\nconsole.log('bundled');\n`,
      );

      const options = { cwd: folder };
      const { code, stderr } = await runProcess('npm', ['run', '-s', 'postinstall'], options);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      const link = join(folder, 'node_modules', '.bin', 'node');
      assert.equal((await runProcess(link, [], options)).stdout, 'bundled\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
