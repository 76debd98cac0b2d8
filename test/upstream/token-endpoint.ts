import { decodeJwt } from 'jose';
import { startEndpoint } from '../auth/endpoint.ts';

/**
 * Starts a token endpoint for client credentials and token exchange. Its tokens say for whom they are:
 * `for-42`, or `own` for the service itself.
 */
export async function startTokenEndpoint() {
  const endpoint = await startEndpoint((response, { body }) => {
    const subject = new URLSearchParams(body).get('subject_token');
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        access_token: subject ? `for-${nameOf(subject)}` : 'own',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 600,
      }),
    );
  });
  return {
    ...endpoint,
    /** The variables of a client of it. */
    env: {
      UPSTREAM_TOKEN_URL: endpoint.url.href,
      UPSTREAM_CLIENT_ID: 'frontdesk',
      UPSTREAM_CLIENT_SECRET: 'the secret of a client in tests',
    },
  };
}

/** The subject of a JWT; another token itself. */
const nameOf = (token: string): string =>
  token.includes('.') ? (decodeJwt(token).sub ?? '') : token;
