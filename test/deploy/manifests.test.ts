import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '../../src/server/read-config.ts';
import { bffNames, loadBff, ROOT } from '../../tools/tree.ts';
import type { Json } from '../support/environment.ts';
import { skipWithout } from '../support/program.ts';

const DEPLOY = fileURLToPath(new URL('deploy/', ROOT));
/** The time that requests in flight get after the drain delay (run.ts). */
const CLOSE_TIMEOUT_SECONDS = 10;

const text = (file: string): Promise<string> => readFile(join(DEPLOY, file), 'utf8');

async function readDocuments(file: string): Promise<Json[]> {
  return parseAllDocuments(await text(file)).map((document) => {
    assert.deepEqual(document.errors, [], file);
    return document.toJS();
  });
}

const run = (file: string, ...args: string[]) =>
  spawnSync(file, args, { cwd: DEPLOY, encoding: 'utf8' });

/** A new BFF is deployed when it has a manifest. */
const BFFS = (await Promise.all(bffNames().map(loadBff))).filter(({ name }) =>
  existsSync(join(DEPLOY, `kubernetes/${name}.yaml`)),
);
const MANIFESTS = [
  ...BFFS.map(({ name }) => `kubernetes/${name}.yaml`),
  'kubernetes/config.yaml',
  'kubernetes/secrets.example.yaml',
  'kubernetes/network-policy.yaml',
];

describe('The Kubernetes manifests', () => {
  it('have the types of the Kubernetes API, and no other fields', async () => {
    const documents = (await Promise.all(MANIFESTS.map(readDocuments))).flat();
    assert.equal(await typeFaults(documents), '');
  });

  it('are refused with a field that does not exist', async () => {
    const [deployment] = await readDocuments('kubernetes/web.yaml');
    deployment.spec.template.spec.containers[0].readinesProbe = {};
    assert.match(await typeFaults([deployment]), /"readinesProbe"' does not exist/);
  });

  for (const { name, port, adminPort } of BFFS) {
    it(`of the ${name} BFF are those of the web BFF with its name and ports`, async () => {
      const web = await loadBff('web');
      const expected = (await text('kubernetes/web.yaml'))
        .replaceAll(/\bweb\b/g, name)
        .replaceAll(String(web.port), String(port))
        .replaceAll(String(web.adminPort), String(adminPort));
      const withoutHeader = (yaml: string) => yaml.slice(yaml.indexOf('\n'));
      const actual = await text(`kubernetes/${name}.yaml`);
      assert.equal(withoutHeader(actual), withoutHeader(expected));
    });

    it(`configure the ${name} BFF without a fault and without a warning`, async () => {
      const [{ data }] = (await readDocuments('kubernetes/config.yaml')) as [Json];
      const [{ stringData }] = (await readDocuments('kubernetes/secrets.example.yaml')) as [Json];
      const folder = await mkdtemp(join(tmpdir(), 'secrets-'));
      for (const [key, value] of Object.entries<string>(stringData)) {
        await writeFile(join(folder, key), value);
      }
      const [{ spec }] = (await readDocuments(`kubernetes/${name}.yaml`)) as [Json];
      const [mount] = spec.template.spec.containers[0].volumeMounts;
      const env = JSON.parse(JSON.stringify(data).replaceAll(mount.mountPath, folder));
      const config = readConfig({ NODE_ENV: 'production', ...env }, await loadBff(name));
      await rm(folder, { recursive: true });
      assert.deepEqual(config.warnings, []);
      assert.equal(config.production, true);
      // The process ends by itself before it is killed.
      const graceSeconds = spec.template.spec.terminationGracePeriodSeconds;
      assert.ok(graceSeconds > config.drainDelayMs / 1_000 + CLOSE_TIMEOUT_SECONDS);
    });
  }

  it('replace a pod only when its successor is ready, and run as no one in particular', async () => {
    const [{ spec }] = (await readDocuments('kubernetes/web.yaml')) as [Json];
    assert.deepEqual(spec.strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
    const pod = spec.template.spec;
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
    const [container] = pod.containers;
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(container.securityContext.capabilities, { drop: ['ALL'] });
    assert.equal(container.readinessProbe.httpGet.path, '/readyz');
    assert.equal(container.livenessProbe.httpGet.path, '/healthz');
  });

  it('let Prometheus reach the admin listener, and the ingress controller the public one', async () => {
    const [{ spec }] = (await readDocuments('kubernetes/network-policy.yaml')) as [Json];
    const sources = Object.fromEntries(
      spec.ingress.map(({ from, ports }: Json) => [
        ports[0].port,
        from.map((each: Json) => each.namespaceSelector.matchLabels['kubernetes.io/metadata.name']),
      ]),
    );
    assert.deepEqual(sources, { http: ['ingress-nginx'], admin: ['monitoring', 'shop'] });
  });
});

/** The errors of the TypeScript compiler, which compares each document with its type. */
function typeFaults(documents: readonly Json[]): Promise<string> {
  const lines = documents.map(({ apiVersion, kind, ...rest }, index) => {
    const module = `kubernetes-models/${apiVersion}/${kind}`;
    const value = JSON.stringify({ apiVersion, kind, ...rest }, undefined, 1);
    return `import type { I${kind} as T${index} } from '${module}';\nexport const d${index}: T${index} = ${value};`;
  });
  return compile(lines.join('\n'));
}

/** @returns the errors of the TypeScript compiler */
async function compile(code: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'types-'));
  const modules = fileURLToPath(new URL('node_modules', ROOT));
  await symlink(modules, join(folder, 'node_modules'));
  const file = join(folder, 'manifests.mts');
  await writeFile(file, code);
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--types',
    '',
  ];
  const { stdout } = run(join(modules, '.bin/tsc'), ...options, file);
  await rm(folder, { recursive: true });
  return stdout;
}

describe('compose.yaml', () => {
  it('is valid', { skip: skipWithout('docker-compose') }, () => {
    const { status, stderr } = run('docker-compose', '-f', 'compose.yaml', 'config', '-q');
    assert.equal(status, 0, stderr);
  });

  for (const { name, port, adminPort } of BFFS) {
    it(`runs the ${name} BFF with its ports, read-only, and stops it after it has drained`, async () => {
      const service = parse(await text('compose.yaml'), { merge: true }).services[name];
      const args = { BFF: name, PORT: String(port), ADMIN_PORT: String(adminPort) };
      assert.deepEqual(service.build.args, args);
      assert.deepEqual(service.ports, [`127.0.0.1:${port}:${port}`]);
      assert.equal(service.read_only, true);
      const drainSeconds = Number(service.environment.DRAIN_DELAY_MS) / 1_000;
      assert.ok(
        Number.parseInt(service.stop_grace_period, 10) > drainSeconds + CLOSE_TIMEOUT_SECONDS,
      );
    });

    it(`configures the ${name} BFF without a fault and without a warning`, async () => {
      const { environment } = parse(await text('compose.yaml'), { merge: true }).services[name];
      assert.deepEqual(readConfig(environment, await loadBff(name)).warnings, []);
    });
  }
});

describe('prometheus.yml', () => {
  it('is valid', { skip: skipWithout('promtool', 'prometheus') }, () => {
    const { status, stderr } = run('promtool', 'check', 'config', 'prometheus/prometheus.yml');
    assert.equal(status, 0, stderr);
  });

  it('scrapes the admin listener of every BFF', async () => {
    const { scrape_configs: configs } = parse(await text('prometheus/prometheus.yml'));
    const targets = configs.flatMap((each: Json) =>
      each.static_configs.flatMap((group: Json) => group.targets),
    );
    assert.deepEqual(
      targets.sort(),
      BFFS.map(({ name, adminPort }) => `${name}:${adminPort}`).sort(),
    );
  });
});

describe('haproxy.cfg', () => {
  it('is valid', { skip: skipWithout('haproxy') }, () => {
    const { status, stderr } = run('haproxy', '-c', '-f', 'haproxy/haproxy.cfg');
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /WARNING/);
  });
});

describe('nginx.conf', () => {
  it('is valid', { skip: skipWithout('nginx', 'nginx-light') }, () => {
    const { status, stderr } = run(
      'nginx',
      '-t',
      '-p',
      tmpdir(),
      '-c',
      join(DEPLOY, 'nginx/nginx.conf'),
    );
    assert.equal(status, 0, stderr);
  });
});
