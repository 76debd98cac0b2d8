import { BASE_TIME_MS, DAY_MS } from '../support/cast.ts';
import { toTime } from '../support/store.ts';

const NEWEST_FIRST: readonly [daysAgo: number, title: string, body: string][] = [
  [1, 'Orders now carry their carrier', 'See who brings your parcel as soon as it has left us.'],
  [6, 'Summer hours', 'From June to August we answer from 8:00 to 16:00 UTC.'],
  [15, 'Repairs for life', 'Every knife, pan and tent we sell can come back to be mended.'],
  [29, 'Maintenance on Sunday', 'Paying by card may take longer between 02:00 and 03:00 UTC.'],
  [47, 'Yen prices, rounded', 'Prices in JPY now end in a zero. None has gone up.'],
  [63, 'Paper instead of plastic', 'All parcels are now padded with paper from our own offcuts.'],
  [88, 'Arabic and Hebrew', 'The shop now reads from right to left where it should.'],
  [110, 'Longer returns', 'You now have sixty days to change your mind.'],
  [141, 'New warehouse in Gdańsk', 'Parcels to central Europe arrive a day sooner.'],
  [190, 'Gift wrapping', 'Choose it in the basket; the note is written by hand.'],
  [233, 'Our energy is renewable', 'All three warehouses run on wind and sun.'],
  [301, 'Delivery to Nigeria', 'Lagos and Abuja first; the rest of the country by the new year.'],
];

export const ANNOUNCEMENTS = NEWEST_FIRST.map(([daysAgo, title, body], index) => ({
  id: String(NEWEST_FIRST.length - index),
  title,
  body,
  publishedAt: toTime(BASE_TIME_MS - daysAgo * DAY_MS),
}));
