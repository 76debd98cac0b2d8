import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { createJwtVerifier } from '../../../src/auth/jwt.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { library } from '../../support/fixture/bff.ts';
import { inSeconds, issuerConfig } from '../issuer.ts';
import { startSigner } from './signer.ts';

const page = await readFile(new URL('../../../docs/identity.md', import.meta.url), 'utf8');
const blockOf = (section: string, language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(section)?.[1] ?? '';
const sectionOf = (heading: string): string => {
  const start = page.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, heading);
  const end = page.slice(start + heading.length).search(/\n##? ?#? /);
  return page.slice(start, start + heading.length + end);
};
const variablesOf = (section: string): Record<string, string> =>
  Object.fromEntries(
    blockOf(section, 'sh')
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

describe('docs/identity.md', () => {
  for (const provider of ['Auth0', 'Microsoft Entra', 'Okta', 'Amazon Cognito', 'Keycloak']) {
    it(`has variables for ${provider} that accept its sample token`, async () => {
      const section = sectionOf(`### ${provider}`);
      const env = variablesOf(section);
      const sample = JSON.parse(blockOf(section, 'json'));
      assert.equal(issuerConfig(env).issuer, sample.iss);
      await using signer = await startSigner();
      const verify = createJwtVerifier([issuerConfig({ ...env, JWKS_URL: signer.url })]);
      const token = signer.sign({ ...sample, nbf: undefined, exp: inSeconds(60) });
      const viewer = await verify(token);
      assert.deepEqual(viewer, {
        role: 'customer',
        id: 'id' in viewer && viewer.id,
        issuer: sample.iss,
      });
      assert.ok([sample.sub, sample.oid, sample.uid].includes(viewer.id));
    });
  }

  it('has a list of several issuers that can be configured', () => {
    const JWT_ISSUERS = blockOf(sectionOf('## Several issuers'), 'json');
    assert.equal(loadConfig({ JWT_ISSUERS }, library).issuers.length, 2);
  });
});
