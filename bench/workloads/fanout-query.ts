// biome-ignore format: one line, as a client sends it
export const FANOUT_QUERY = 'query Dashboard { dashboard { user { id name } orders(first: 10) { id status total { amount currency } items { sku quantity } } notifications(first: 10) { id kind createdAt } } }';
