/**
 * Signs what the demo's services tell their subscribers. Public by design: it stands in this
 * repository so that the demo needs no set-up. A production configuration refuses it.
 */
export const DEMO_PURGE_SECRET = 'the-demo-purges-with-this-public-key';
