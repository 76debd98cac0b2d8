type Claims = Readonly<Record<string, unknown>>;

/** The claims by which issuers mark a token of a client without a user. */
export const CLIENT_CLAIMS: Readonly<Record<string, Claims>> = {
  'client credentials by gty (Auth0)': { gty: 'client-credentials' },
  'client credentials by a list in gty': { gty: ['client-credentials'] },
  'client credentials by grant_type': { grant_type: 'client_credentials' },
  'client credentials by the subject (Auth0)': { sub: 'Kx2mUQ8G@clients' },
  'a token of an app (Entra)': { idtyp: 'app' },
  'a service account by its name (Keycloak)': { preferred_username: 'service-account-batch' },
  'a service account by its user name': { username: 'service-account-batch' },
  'a service account by its subject': { sub: 'service-account-batch' },
};

/** The claims by which issuers mark tokens that are no access tokens. */
export const OTHER_TOKEN_CLAIMS: Readonly<Record<string, Claims>> = {
  'a logout token': {
    sid: 's',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  },
  'an ID token by nonce': { nonce: 'n' },
  'an ID token by at_hash': { at_hash: 'h' },
  'an ID token by token_use (Cognito)': { token_use: 'id' },
  'an ID token by typ (Keycloak)': { typ: 'ID' },
  'a refresh token by token_use': { token_use: 'refresh' },
  'a refresh token by typ (Keycloak)': { typ: 'Refresh' },
  'an offline token by typ (Keycloak)': { typ: 'Offline' },
  'a logout token by typ (Keycloak)': { typ: 'Logout' },
};
