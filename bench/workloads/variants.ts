const BITS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Number of distinct sets of variables; more than there are connections. */
export const VARIANT_COUNT = 2 ** BITS.length;

/** The declaration of the variables. */
export const variantParameters = BITS.map((bit) => `$${bit}: Boolean!`).join(', ');

/** Root fields that use all variables, and add the same `__typename` whatever they are. */
export const variantDirectives = BITS.map(
  (bit) => `__typename @include(if: $${bit}) __typename @skip(if: $${bit})`,
).join(' ');

/** Variables that differ for each index below VARIANT_COUNT. */
export const variantVariables = (index: number): Readonly<Record<string, boolean>> =>
  Object.fromEntries(BITS.map((bit, position) => [bit, (index >> position) % 2 === 1]));
