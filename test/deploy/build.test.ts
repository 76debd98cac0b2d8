import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { clientsFolder } from '../../src/server/load-operations.ts';
import { collectLicenses, packageFolders } from '../../tools/build/licenses.ts';
import { freePort } from '../../tools/free-port.ts';
import { bffNames, loadBff, ROOT } from '../../tools/tree.ts';
import { toModuleUrl } from '../support/bff-process.ts';
import { authorization, type Json, startEnvironment } from '../support/environment.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { buildBundles } from './build-stage.ts';
import { startCommand } from './start-command.ts';

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'build-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

const releasedClients = (bff: string): string[] =>
  globSync('*@*.json', { cwd: clientsFolder(bff) }).sort();

describe('npm run build', () => {
  for (const name of bffNames()) {
    it(`writes one file that is the ${name} BFF, and needs no other file`, async () => {
      const bff = await loadBff(name);
      await using source = await startEnvironment(bff);
      await using services = await startServices(SERVICE_NAMES);
      await using folder = await temporaryFolder();
      await copyFile(join(await buildBundles(), `${name}.mjs`), join(folder.path, `${name}.mjs`));
      await using receiver = await startOtlpReceiver();
      const [port, adminPort] = [await freePort(), await freePort()];
      const prefix = name.toUpperCase();
      await using bundle = await startCommand([process.execPath, `${name}.mjs`], {
        cwd: folder.path,
        url: `http://127.0.0.1:${port}`,
        env: {
          ...services.env,
          NODE_ENV: 'test',
          OPERATIONS: 'trusted',
          [`${prefix}_PORT`]: String(port),
          [`${prefix}_ADMIN_PORT`]: String(adminPort),
          LOG_LEVEL: 'info',
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
          OTEL_TRACES_SAMPLER: 'always_on',
        },
      });
      const operations = loadCommittedOperations(bff.operations, buildSchema(bff));
      const example = operations.find(({ name }) => name === bff.example);
      const headers = {
        'content-type': 'application/json',
        ...(await authorization('42')),
      };
      const extensions = { persistedQuery: { version: 1, sha256Hash: example?.hash } };
      const response = await fetch(`${bundle.url}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ extensions }),
      });
      const expected = await source.send(example?.source ?? '', { as: '42' });
      const body = (await response.json()) as Json;
      assert.equal(body.errors, undefined);
      assert.deepEqual(body, expected.body);
      const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      assert.match(metrics, /^frontdesk_requests_total\{.*\} 1$/m);
      const manifests = metrics.matchAll(/^frontdesk_manifest_requests_total\{manifest="(.+)"\}/gm);
      assert.deepEqual(
        [...manifests].map(([, client]) => `${client}.json`),
        releasedClients(name),
      );
      await receiver.traces(1);
      assert.equal((await bundle.terminate()).code, 0);
      assert.match(bundle.output(), /"operation":"\w+".*"msg":"request completed"/);
    });
  }

  it('writes a file that starts several workers of itself', async () => {
    await using services = await startServices(SERVICE_NAMES);
    const port = await freePort();
    await using bundle = await startCommand([process.execPath, 'web.mjs'], {
      cwd: await buildBundles(),
      url: `http://127.0.0.1:${port}`,
      env: { ...services.env, WORKERS: '2', WEB_PORT: String(port), WEB_ADMIN_PORT: '0' },
    });
    const query = encodeURIComponent('{ announcements { title } }');
    for (let request = 0; request < 4; request++) {
      const response = await fetch(`${bundle.url}/graphql?query=${query}`);
      assert.equal(response.status, 200);
    }
    assert.equal((await bundle.terminate()).code, 0);
  });

  it('writes source maps that lead from a position in a bundle to a line of the source', async () => {
    const folder = await buildBundles();
    const code = await readFile(join(folder, 'web.mjs'), 'utf8');
    assert.match(code, /\n\/\/# sourceMappingURL=web\.mjs\.map\n$/);
    const map = new SourceMap(JSON.parse(await readFile(join(folder, 'web.mjs.map'), 'utf8')));
    const lines = code.split('\n');
    const line = lines.findIndex((text) => text.includes('process crashed'));
    const column = lines[line]?.indexOf('process crashed') ?? 0;
    const { originalSource, originalLine } = map.findEntry(line, column) as {
      originalSource: string;
      originalLine: number;
    };
    const [, path = ''] = /\/(src\/.+\.ts)$/.exec(originalSource) ?? [];
    const source = await readFile(new URL(path, ROOT), 'utf8');
    assert.match(source.split('\n')[originalLine] ?? '', /process crashed/);
  });

  it('writes ASCII, which takes half the memory of other text', async () => {
    for (const name of bffNames()) {
      const code = await readFile(join(await buildBundles(), `${name}.mjs`), 'utf8');
      const index = code.search(/[\u0080-\uffff]/);
      assert.equal(index, -1, code.slice(Math.max(0, index - 40), index + 40));
    }
  });

  it('writes a file that does not load fetch and WebSocket of Node until they are used', async () => {
    // Not the web BFF: its pass-through routes need undici.
    await using services = await startServices(SERVICE_NAMES);
    const port = await freePort();
    const listModules = toModuleUrl(`
      process.on('exit', () => console.log(process.moduleLoadList.join('\\n')));`);
    await using bundle = await startCommand(
      [process.execPath, '--import', listModules, 'mobile.mjs'],
      {
        cwd: await buildBundles(),
        url: `http://127.0.0.1:${port}`,
        env: { ...services.env, MOBILE_PORT: String(port), MOBILE_ADMIN_PORT: '0' },
      },
    );
    await bundle.terminate();
    assert.match(bundle.output(), /^NativeModule http$/m);
    assert.doesNotMatch(bundle.output(), /undici/);
  });

  it('writes a file that has no reports to Apollo, and starts with the variables that turn them on', async () => {
    const folder = await buildBundles();
    const licenses = await readFile(join(folder, 'licenses.txt'), 'utf8');
    assert.doesNotMatch(licenses, /^@apollo\/usage-reporting-protobuf /m);
    await using services = await startServices(SERVICE_NAMES);
    const port = await freePort();
    await using bundle = await startCommand([process.execPath, 'mobile.mjs'], {
      cwd: folder,
      url: `http://127.0.0.1:${port}`,
      env: {
        ...services.env,
        MOBILE_PORT: String(port),
        MOBILE_ADMIN_PORT: '0',
        APOLLO_KEY: 'service:frontdesk:key',
        APOLLO_GRAPH_REF: 'frontdesk@current',
        APOLLO_SCHEMA_REPORTING: 'true',
      },
    });
    const query = encodeURIComponent('{ announcements { title } }');
    const response = await fetch(`${bundle.url}/graphql?query=${query}`);
    assert.equal(response.status, 200);
    assert.equal((await bundle.terminate()).code, 0);
  });

  it('collects the licences of the bundled packages, and leaves nothing else', async () => {
    const folder = await buildBundles();
    const bundles = bffNames().flatMap((name) => [`${name}.mjs`, `${name}.mjs.map`]);
    assert.deepEqual((await readdir(folder)).sort(), ['licenses.txt', ...bundles].sort());
    const licenses = await readFile(join(folder, 'licenses.txt'), 'utf8');
    assert.match(licenses, /^graphql 16\.\S+ \(MIT\)\n\nMIT License/m);
    assert.match(licenses, /^fastify 5\.\S+ \(MIT\)$/m);
    assert.match(licenses, /^@apollo\/server 5\.\S+ \(MIT\)\n\nMIT License/m);
    assert.doesNotMatch(licenses, /^typescript /m);
  });
});

describe('The licences of a build', () => {
  async function packageWith(root: string, manifest: object, files: Record<string, string>) {
    const folder = join(root, 'node_modules', 'a');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'a', version: '1.0.0', ...manifest }),
    );
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return folder;
  }

  it('are refused if one is not on the list', async () => {
    await using root = await temporaryFolder();
    const folder = await packageWith(root.path, { license: 'GPL-3.0' }, { LICENSE: 'text' });
    assert.throws(() => collectLicenses([folder]), /a 1\.0\.0: licence GPL-3\.0/);
  });

  it('are refused if a package has no text', async () => {
    await using root = await temporaryFolder();
    const folder = await packageWith(root.path, { license: 'MIT' }, { NOTICE: 'not a licence' });
    assert.throws(() => collectLicenses([folder]), /a 1\.0\.0: no licence text/);
  });

  it('include the notices of a package', async () => {
    await using root = await temporaryFolder();
    const files = { 'LICENSE.md': 'the licence', 'NOTICE.txt': 'the notice' };
    const folder = await packageWith(root.path, { license: 'Apache-2.0' }, files);
    assert.equal(collectLicenses([folder]), 'a 1.0.0 (Apache-2.0)\n\nthe licence\n\nthe notice\n');
  });

  it('are those of the innermost package that a file is part of', () => {
    assert.deepEqual(
      packageFolders([
        'src/a.ts',
        'node_modules/a/index.js',
        'node_modules/a/b.js',
        'node_modules/@b/c/node_modules/@d/e/lib/f.js',
      ]),
      ['node_modules/@b/c/node_modules/@d/e', 'node_modules/a'],
    );
  });
});
