/** The one client of the demo's identity provider, which is the web BFF. */
export const CLIENT_ID = 'frontdesk-web';

/**
 * Authenticates the web BFF to the demo's identity provider. Public by design: it is committed so
 * that the demo needs no setup. It is worth nothing to another provider.
 */
export const DEMO_CLIENT_SECRET = 'the-demo-logs-in-with-this-public-secret';
