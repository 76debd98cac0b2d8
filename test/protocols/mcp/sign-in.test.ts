import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { partner } from '../../../bff-partner/bff.ts';
import { CLIENT_ID } from '../../../services/identity/client.ts';
import { CAST } from '../../../services/support/cast.ts';
import { DEMO_ISSUER, issueToken } from '../../../services/support/tokens.ts';
import { createBrowser } from '../../support/browser.ts';
import { type Json, startEnvironment } from '../../support/environment.ts';
import { CLIENT_SECRET, logIn, startIdentity } from '../../support/identity.ts';
import { CURRENT, MCP } from './mcp-client.ts';

/** Where nothing listens: the code is read from the redirect. */
const CALLBACK = 'http://127.0.0.1:9/auth/callback';

/** Keeps in memory what the SDK's client needs to sign a user in. */
class Agent implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata = { redirect_uris: [CALLBACK] };
  signInUrl: URL | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  clientInformation() {
    return { client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  }
  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens) {
    this.#tokens = tokens;
  }
  redirectToAuthorization(url: URL) {
    this.signInUrl = url;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovery = state;
  }
  discoveryState() {
    return this.#discovery;
  }
}

describe('A client that knows only the URL of the tools', () => {
  it('finds the issuer, signs the user in and calls a tool for the user', async () => {
    await using identity = await startIdentity();
    await using environment = await startEnvironment(partner, { ...MCP, PUBLIC_URL: '' });
    const agent = new Agent();
    // In place of DNS: the issuer is at this address.
    const fetchFrom = (url: string | URL, init?: RequestInit) =>
      fetch(String(url).replace(DEMO_ISSUER, identity.url), init);
    const createTransport = () =>
      new StreamableHTTPClientTransport(new URL('/mcp', environment.url), {
        authProvider: agent,
        fetch: fetchFrom,
      });
    const createClient = () =>
      new Client(
        { name: 'agent', version: '1' },
        { versionNegotiation: { mode: { pin: CURRENT } } },
      );
    const call = { name: 'my_orders', arguments: { first: 1 } };

    const transport = createTransport();
    const anonymous = createClient();
    await anonymous.connect(transport);
    await assert.rejects(anonymous.callTool(call), UnauthorizedError);
    const { signInUrl } = agent;
    assert.ok(signInUrl);
    assert.equal(signInUrl.searchParams.get('resource'), `${environment.url}/mcp`);
    assert.match(signInUrl.searchParams.get('scope') ?? '', /orders:read/);
    // The demo's provider has no scopes of ours.
    signInUrl.searchParams.set('scope', 'openid');
    const redirect = await logIn(createBrowser(), signInUrl.href, CAST.customer, {
      stopAt: CALLBACK,
    });
    await transport.finishAuth(new URL(redirect.url).searchParams);
    await anonymous.close();

    const signedIn = createClient();
    await signedIn.connect(createTransport());
    const { structuredContent } = await signedIn.callTool(call);
    assert.equal((structuredContent as Json).data.me.id, CAST.customer);
    await signedIn.close();
  });

  it('asks the user for the scopes that a tool needs and its token lacks', async () => {
    await using identity = await startIdentity();
    await using environment = await startEnvironment(partner, { ...MCP, PUBLIC_URL: '' });
    const agent = new Agent();
    const scope = 'profile:read';
    const access_token = await issueToken({ userId: CAST.customer, scope });
    agent.saveTokens({ access_token, token_type: 'Bearer', scope });
    const client = new Client(
      { name: 'agent', version: '1' },
      { versionNegotiation: { mode: { pin: CURRENT } } },
    );
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', environment.url), {
        authProvider: agent,
        fetch: (url, init) => fetch(String(url).replace(DEMO_ISSUER, identity.url), init),
      }),
    );
    const call = { name: 'order_detail', arguments: { id: '1' } };
    await assert.rejects(client.callTool(call), UnauthorizedError);
    const asked = agent.signInUrl?.searchParams.get('scope')?.split(' ') ?? [];
    assert.deepEqual(asked.sort(), ['orders:read', 'profile:read']);
    await client.close();
  });
});
