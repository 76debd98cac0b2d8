import type { Kind } from './model.ts';

type Text = readonly [title: string, body: string];

export const TEXTS: Record<Kind, readonly Text[]> = {
  order_update: [
    [
      'Your order is confirmed',
      'Thank you! We are packing it and will write again when it leaves.',
    ],
    ['Your parcel is on its way', 'The carrier has picked it up. Expect it in two to four days.'],
    ['Out for delivery', 'Your parcel is in the van and should reach you before 18:00.'],
    ['Delivered', 'Your parcel was left at the door you named. Enjoy!'],
    ['We missed you', 'Nobody was in. The carrier will try again on the next working day.'],
    ['Waiting at the parcel shop', 'Bring a photo ID. It will be kept for seven days.'],
    ['A small delay', 'Snow in the mountains holds your parcel up by about a day. Sorry!'],
    ['Your refund is on its way', 'It should be in your account within three working days.'],
  ],
  promotion: [
    ['Spring cleaning, 20 % off', 'Blankets, boards and baskets cost a fifth less until Sunday.'],
    ['Back in stock: santoku knife', 'You looked at it in winter. There are forty of them.'],
    ['Free delivery this weekend', 'On every order, to every country that we send to.'],
    ['新作のお知らせ', '秋のキッチン用品が届きました。'],
    ['A gift for your birthday month', 'Ten percent off anything; the code is in your account.'],
    ['Café à la une', 'Trois nouveaux cafés de petits producteurs, torréfiés hier.'],
  ],
  account: [
    [
      'New sign-in',
      'Someone signed in from a new device. If it was not you, change your password.',
    ],
    ['Your password was changed', 'If it was not you, reply to this message at once.'],
    ['Please confirm your address', 'A parcel came back to us. Is the house number right?'],
    ['Your card expires soon', 'Add a new one to keep ordering without a pause.'],
  ],
};
