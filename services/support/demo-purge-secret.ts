/**
 * Signs the purge messages of the demo's services. Public by design: it is committed so that the demo
 * needs no setup. A production configuration rejects it.
 */
export const DEMO_PURGE_SECRET = 'the-demo-purges-with-this-public-key';
