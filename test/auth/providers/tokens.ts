import { inSeconds } from '../issuer.ts';

/*
 * Access tokens and ID tokens with the claims that five providers put into them. Each is issued for user
 * USER to the shop's own client.
 */

type Claims = Readonly<Record<string, unknown>>;

export interface ProviderTokens {
  readonly issuer: string;
  /** The variables besides JWKS_URL and JWT_ISSUER. */
  readonly env: Readonly<Record<string, string>>;
  readonly typ: string | undefined;
  /** The members that the published key does not have. */
  readonly unpublished?: readonly string[];
  /** The user's id, whatever claim has it. */
  readonly userId: string;
  /** Of the shop's own client. */
  readonly own: Claims;
  /** The claims that differ in a token of staff. */
  readonly staff: Claims;
  /** The claims that differ in a token of a third party, which was granted orders:read. */
  readonly thirdParty: Claims;
  /** The claims that differ in a token of a third party without any scope for us. */
  readonly withoutScope: Claims;
  readonly idToken: Claims;
  /** A token that a client got for itself. */
  readonly clientToken: Claims;
  /** The claims that differ in a token that must be refused. */
  readonly refused: Readonly<Record<string, Claims>>;
}

export const OWN_CLIENT = 'shop-web';
export const OTHER_CLIENT = 'price-watch';
const AUDIENCE = 'https://api.shop.example';
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const OTHER_TENANT = '11111111-86f1-41af-91ab-2d7cd011db47';
const API_ID = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const OID = '690222be-ff1a-4d56-abd1-7e4f7d38e474';
const UUID = '3f1c2a74-3b0a-4a43-9a6e-1f5b8a8d9f10';

const times = () => ({ iat: inSeconds(-10), exp: inSeconds(3_600) });

function auth0(): ProviderTokens {
  const issuer = 'https://shop.eu.auth0.com/';
  const user = { iss: issuer, sub: 'auth0|5f7c8ec7c33c6c004bbafe82', ...times() };
  const roles = 'https://shop.example/roles';
  return {
    issuer,
    env: {
      JWT_PROVIDER: 'auth0',
      JWT_AUDIENCE: AUDIENCE,
      JWT_CLIENTS: OWN_CLIENT,
      JWT_ROLE_CLAIM: roles,
      JWT_ROLES: 'staff=support,admin;customer=shopper',
      JWT_DEFAULT_ROLE: 'customer',
    },
    typ: 'JWT',
    userId: user.sub,
    own: {
      ...user,
      aud: [AUDIENCE, `${issuer}userinfo`],
      azp: OWN_CLIENT,
      scope: 'openid profile email offline_access',
      [roles]: [],
    },
    staff: { [roles]: ['support'] },
    thirdParty: { azp: OTHER_CLIENT, scope: 'openid orders:read' },
    withoutScope: { azp: OTHER_CLIENT, scope: undefined },
    idToken: {
      ...user,
      aud: OWN_CLIENT,
      nickname: 'mia',
      email: 'mia@example.com',
      sid: 'qDNo0Jl3',
    },
    clientToken: {
      iss: issuer,
      sub: `${OTHER_CLIENT}@clients`,
      aud: AUDIENCE,
      azp: OTHER_CLIENT,
      scope: 'orders:read',
      gty: 'client-credentials',
      ...times(),
    },
    refused: {
      'of a client that names itself in another way': {
        azp: undefined,
        sub: `${OTHER_CLIENT}@clients`,
      },
      'with permissions (RBAC) that may limit it': { permissions: ['read:orders'] },
    },
  };
}

function entra(version: 1 | 2): ProviderTokens {
  const issuers = { 1: 'https://sts.windows.net/', 2: 'https://login.microsoftonline.com/' };
  const issuerOf = (tenant: string) =>
    version === 1 ? `${issuers[1]}${tenant}/` : `${issuers[2]}${tenant}/v2.0`;
  const issuer = issuerOf(TENANT);
  const client = version === 1 ? 'appid' : 'azp';
  const audience = version === 1 ? `api://${API_ID}` : API_ID;
  const common = {
    iss: issuer,
    tid: TENANT,
    oid: OID,
    sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
    ver: `${version}.0`,
    ...times(),
  };
  const other = { ...common, oid: UUID, sub: UUID };
  return {
    issuer,
    env: {
      JWT_PROVIDER: 'entra',
      JWT_AUDIENCE: audience,
      JWT_CLIENTS: OWN_CLIENT,
      JWT_FIRST_PARTY_SCOPES: 'access_as_user',
      JWT_ROLES: 'staff=Shop.Support;customer=Shop.Customer',
    },
    typ: 'JWT',
    // Entra's keys say neither their algorithm nor, before version 2, their issuer.
    unpublished: ['alg'],
    userId: OID,
    own: {
      ...common,
      aud: audience,
      [client]: OWN_CLIENT,
      [`${client}acr`]: '1',
      scp: 'access_as_user',
      roles: ['Shop.Customer'],
      name: 'Mia',
      uti: 'x',
      rh: 'I',
    },
    staff: { roles: ['Shop.Customer', 'Shop.Support'] },
    thirdParty: { [client]: OTHER_CLIENT, scp: 'orders:read' },
    withoutScope: { [client]: OTHER_CLIENT, scp: 'User.Read' },
    idToken: { ...common, aud: OWN_CLIENT, roles: ['Shop.Customer'], name: 'Mia' },
    clientToken: { ...other, aud: audience, [client]: OTHER_CLIENT, roles: ['Shop.Customer'] },
    refused: {
      'of another tenant': { iss: issuerOf(OTHER_TENANT), tid: OTHER_TENANT },
      'of another tenant, with this issuer': { tid: OTHER_TENANT },
      'without a tenant': { tid: undefined },
      'of an app, as its type says': { idtyp: 'app' },
      'without a role': { roles: undefined },
      'without a scope': { scp: undefined },
      'without an object id': { oid: undefined },
    },
  };
}

function okta(): ProviderTokens {
  const issuer = 'https://shop.okta.com/oauth2/default';
  const common = { ver: 1, iss: issuer, ...times() };
  const userId = '00ujmkLgagxeRrAg20g3';
  return {
    issuer,
    env: {
      JWT_PROVIDER: 'okta',
      JWT_AUDIENCE: 'api://shop',
      JWT_CLIENTS: OWN_CLIENT,
      JWT_ROLES: 'staff=Support,Admins;customer=Everyone',
    },
    typ: undefined,
    userId,
    own: {
      ...common,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      aud: 'api://shop',
      cid: OWN_CLIENT,
      uid: userId,
      scp: ['openid', 'profile', 'offline_access'],
      auth_time: inSeconds(-20),
      sub: 'mia@example.com',
      groups: ['Everyone'],
    },
    staff: { groups: ['Everyone', 'Support'] },
    thirdParty: { cid: OTHER_CLIENT, scp: ['orders:read'] },
    withoutScope: { cid: OTHER_CLIENT, scp: ['openid'] },
    idToken: {
      ...common,
      jti: 'ID.radCQMOQUmyvcTBmmIL0J6BaS60apUEiC7',
      aud: OWN_CLIENT,
      sub: userId,
      amr: ['pwd'],
      idp: '00oia4',
      at_hash: 'preyXNt3Z1Hd9YmiNLHPLQ',
      groups: ['Everyone'],
    },
    clientToken: {
      ...common,
      aud: 'api://shop',
      cid: OTHER_CLIENT,
      sub: OTHER_CLIENT,
      scp: ['orders:read'],
      groups: ['Everyone'],
    },
    refused: {
      'without a group that has a role': { groups: ['Contractors'] },
      'of another authorization server': { iss: 'https://shop.okta.com/oauth2/other' },
      'of the organization itself': { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
      'whose user id is that of its client': { uid: OWN_CLIENT },
    },
  };
}

function cognito(): ProviderTokens {
  const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example';
  const common = { iss: issuer, sub: UUID, jti: 'b', origin_jti: 'a', event_id: 'c', ...times() };
  return {
    issuer,
    env: {
      JWT_PROVIDER: 'cognito',
      JWT_AUDIENCE: `${OWN_CLIENT},${OTHER_CLIENT}`,
      JWT_CLIENTS: OWN_CLIENT,
      JWT_SCOPE_PREFIX: 'shop/',
      JWT_ROLES: 'staff=support',
      JWT_DEFAULT_ROLE: 'customer',
    },
    typ: undefined,
    userId: UUID,
    own: {
      ...common,
      client_id: OWN_CLIENT,
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin openid profile',
      username: 'mia',
      auth_time: inSeconds(-20),
      version: 2,
    },
    staff: { 'cognito:groups': ['eu-west-1_example_Google', 'support'] },
    thirdParty: {
      client_id: OTHER_CLIENT,
      scope: 'openid shop/orders:read warehouse/profile:read',
    },
    withoutScope: { client_id: OTHER_CLIENT, scope: 'openid orders:read' },
    idToken: {
      ...common,
      aud: OWN_CLIENT,
      token_use: 'id',
      'cognito:username': 'mia',
      email: 'mia@example.com',
    },
    clientToken: {
      ...common,
      sub: OTHER_CLIENT,
      client_id: OTHER_CLIENT,
      token_use: 'access',
      scope: 'shop/orders:read',
    },
    refused: {
      'of a client that is not listed': { client_id: 'game' },
      'of another user pool': { iss: `${issuer}2` },
      'without a use': { token_use: undefined },
      'of another use': { token_use: 'id' },
    },
  };
}

function keycloak(): ProviderTokens {
  const issuer = 'https://id.shop.example/realms/shop';
  const common = { iss: issuer, sub: UUID, sid: 'c1a0', jti: 'onrtac:1', acr: '1', ...times() };
  const profile = { name: 'Mia', preferred_username: 'mia', email: 'mia@example.com' };
  const realmRoles = ['offline_access', 'uma_authorization', 'default-roles-shop'];
  const account = { account: { roles: ['manage-account', 'view-profile'] } };
  return {
    issuer,
    env: {
      JWT_PROVIDER: 'keycloak',
      JWT_AUDIENCE: 'frontdesk',
      JWT_CLIENTS: OWN_CLIENT,
      JWT_ROLES: 'staff=support;customer=default-roles-shop',
    },
    typ: 'JWT',
    userId: UUID,
    own: {
      ...common,
      ...profile,
      typ: 'Bearer',
      azp: OWN_CLIENT,
      aud: ['frontdesk', 'account'],
      'allowed-origins': ['https://shop.example'],
      realm_access: { roles: realmRoles },
      resource_access: account,
      scope: 'openid email profile',
    },
    staff: { realm_access: { roles: [...realmRoles, 'support'] } },
    thirdParty: { azp: OTHER_CLIENT, scope: 'openid orders:read email' },
    withoutScope: { azp: OTHER_CLIENT, scope: '' },
    idToken: {
      ...common,
      ...profile,
      typ: 'ID',
      azp: OWN_CLIENT,
      aud: OWN_CLIENT,
      at_hash: 'x',
      realm_access: { roles: realmRoles },
    },
    clientToken: {
      ...common,
      sid: undefined,
      typ: 'Bearer',
      azp: OTHER_CLIENT,
      aud: ['frontdesk', 'account'],
      realm_access: { roles: realmRoles },
      resource_access: account,
      scope: 'email profile',
      clientHost: '10.0.0.7',
      clientAddress: '10.0.0.7',
      client_id: OTHER_CLIENT,
      preferred_username: `service-account-${OTHER_CLIENT}`,
    },
    refused: {
      'for the account console': { aud: 'account' },
      'of another realm': { iss: 'https://id.shop.example/realms/master' },
      'that refreshes others': { typ: 'Refresh' },
      'without a type': { typ: undefined },
      'of a service account with a session': { preferred_username: 'service-account-batch' },
      'of a client whose scopes hide that it is one': { sid: undefined },
      'with roles of another form': { realm_access: { roles: { support: true } } },
      'with permissions of Keycloak’s authorization services': {
        authorization: { permissions: [] },
      },
    },
  };
}

export const PROVIDER_TOKENS: Readonly<Record<string, () => ProviderTokens>> = {
  Auth0: auth0,
  'Entra (v2.0)': () => entra(2),
  'Entra (v1.0)': () => entra(1),
  Okta: okta,
  Cognito: cognito,
  Keycloak: keycloak,
};
