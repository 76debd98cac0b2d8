/**
 * The private key of the demo's token issuer. Public by design: it is committed so that the demo
 * needs no setup. It signs only for the demo issuer, which a production configuration rejects.
 */
export const DEMO_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'dhBDJl4UwhOTldIpwkRNyrmj3IJQPirj94mduMzdmKo',
  y: 'ezzWUDFQsmSkRXLXxSjNjKQKvPIJ6Gr-PgJy_slzNNo',
  d: 'B0X0eoWQxtu7rG-odj2oLwkgXd4uBE4jY0c1xxXQt9k',
  kid: 'frontdesk-demo-1',
  alg: 'ES256',
  use: 'sig',
} as const;
