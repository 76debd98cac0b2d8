export const CURRENCIES = ['USD', 'EUR', 'GBP', 'JPY'] as const;
export type Currency = (typeof CURRENCIES)[number];

export const findCurrency = (code: string): Currency | undefined =>
  CURRENCIES.find((currency) => currency === code);

export type Product = { sku: string; name: string; prices: Record<Currency, number> };

/** Minor units per US cent, and the step to which prices are rounded. The yen has no minor unit. */
const RATES: Record<Currency, { rate: number; step: number }> = {
  USD: { rate: 1, step: 1 },
  EUR: { rate: 0.92, step: 5 },
  GBP: { rate: 0.79, step: 5 },
  JPY: { rate: 1.5, step: 10 },
};

const PRICES_IN_CENTS: readonly [sku: string, name: string, cents: number][] = [
  ['BAG-TOTE', 'Waxed canvas tote', 5900],
  ['BAG-ROLL', 'Roll-top backpack, 22 l', 11900],
  ['BAG-PACK', 'Packing cubes, set of three', 3200],
  ['BOOK-BREAD', 'The Patient Loaf (hardcover)', 3495],
  ['BOOK-MAPS', 'Atlas of Small Islands', 4200],
  ['BOOK-KIDS', 'Where Owls Go at Noon', 1499],
  ['CAM-STRAP', 'Leather camera strap', 4900],
  ['CHAIR-OAK', 'Oak dining chair', 18900],
  ['COF-BEANS', 'Single-origin coffee beans, 500 g', 1850],
  ['COF-GRIND', 'Hand coffee grinder', 8900],
  ['COF-POUR', 'Pour-over dripper, ceramic', 2600],
  ['CUP-STONE', 'Stoneware cup', 1800],
  ['DESK-LAMP', 'Articulated desk lamp', 9900],
  ['DESK-MAT', 'Wool felt desk mat', 4400],
  ['ELEC-BUDS', 'Wireless earbuds', 12900],
  ['ELEC-CABLE', 'Braided USB-C cable, 2 m', 1900],
  ['ELEC-CHARGE', 'Travel charger, 65 W', 4500],
  ['ELEC-KEYS', 'Mechanical keyboard, 75 %', 14900],
  ['GAR-SEEDS', 'Kitchen herb seeds, six kinds', 1200],
  ['GAR-SHEARS', 'Pruning shears', 3900],
  ['GIFT-CARD', 'Hand-printed greeting cards, eight', 1600],
  ['HOME-BLANKET', 'Merino throw', 12500],
  ['HOME-CANDLE', 'Beeswax candle, tall', 2200],
  ['HOME-CLOCK', 'Silent wall clock', 5400],
  ['HOME-VASE', 'Blown glass vase', 6800],
  ['KIT-BOARD', 'End-grain cutting board', 7900],
  ['KIT-KNIFE', 'Santoku knife, 17 cm', 13900],
  ['KIT-PAN', 'Cast-iron pan, 26 cm', 6500],
  ['KIT-TAGINE', 'Glazed tagine', 8400],
  ['KIT-TOWEL', 'Linen tea towels, pair', 2800],
  ['OUT-BOTTLE', 'Insulated bottle, 750 ml', 3400],
  ['OUT-HAMMOCK', 'Cotton hammock', 9600],
  ['OUT-TENT', 'Two-person tent', 32900],
  ['PAPER-NOTE', 'Dotted notebook, A5', 1700],
  ['PAPER-PEN', 'Brass fountain pen', 7200],
  ['TOY-BLOCKS', 'Beech building blocks', 3800],
  ['TOY-PUZZLE', 'Night sky puzzle, 1000 pieces', 2400],
  ['WEAR-BEANIE', 'Ribbed beanie', 2900],
  ['WEAR-SOCKS', 'Alpaca socks', 1950],
  ['WEAR-SHIRT', 'Linen shirt', 7400],
];

export const CATALOGUE: readonly Product[] = PRICES_IN_CENTS.map(([sku, name, cents]) => ({
  sku,
  name,
  prices: {
    USD: inCurrency(cents, 'USD'),
    EUR: inCurrency(cents, 'EUR'),
    GBP: inCurrency(cents, 'GBP'),
    JPY: inCurrency(cents, 'JPY'),
  },
}));

const bySku = new Map(CATALOGUE.map((product) => [product.sku, product]));

export const findProduct = (sku: string): Product | undefined => bySku.get(sku);

/** A line of an order at the catalogue price, in minor units. */
export function toItem({ sku, name, prices }: Product, quantity: number, currency: Currency) {
  return { sku, name, quantity, unitPrice: { amount: prices[currency], currency } };
}

function inCurrency(cents: number, currency: Currency): number {
  const { rate, step } = RATES[currency];
  return Math.round((cents * rate) / step) * step;
}
