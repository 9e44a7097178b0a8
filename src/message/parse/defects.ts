/** What can be wrong with a mail, and what is done about it: the codes that `defects` holds. */
export const DEFECTS = {
  'header-charset-guessed': ['A header field holds 8-bit octets that are not UTF-8', 'Decoded by a detected charset'],
  'header-truncated': ['The header has more fields than the limit', 'The first ones are kept'],
  'from-missing': ['There is no From address', 'The mail has no sender'],
  'message-id-missing': ['There is no Message-ID', 'None is made'],
  'date-missing': ['There is no Date', 'None is made'],
  'date-unreadable': ['The Date is none', 'Left out'],
  'value-truncated': ['A subject, a name, an address or a file name is longer than the limit', 'Cut'],
  'text-truncated': ['The text is longer than the limit', 'Cut'],
  'html-truncated': ['The HTML is longer than the limit', 'Cut'],
  'addresses-truncated': ['An address field holds more addresses than the limit', 'The first ones are kept'],
  'attachments-truncated': ['More attachments than the limit', 'The first ones are kept'],
} as const satisfies Record<string, readonly [wrong: string, done: string]>
