/** The events on a message's way, in words. Where there are none for a code, the code itself is shown. */

export interface Words {
  readonly text: string
  readonly tone?: 'warn' | 'bad'
}

export const STEPS: Readonly<Record<string, Words>> = {
  'intake/stored': { text: 'Its octets were stored, and their digest' },
  'intake/alias': { text: 'It was listed again under another unique-id, with the same octets: no second message' },
  'intake/held': { text: 'It was left on the server for a person', tone: 'warn' },
  'work/ticketed': { text: 'It was put on a ticket' },
  'work/suppressed': { text: 'It was understood, and rightly opens no ticket' },
  'work/quarantined': { text: 'It was kept for a person', tone: 'bad' },
  'operator/reprocess': { text: 'An operator let it through: what it was so for counts as decided' },
  'operator/suppress': { text: 'An operator decided that it is no ticket' },
  'loop/detected': { text: 'It is one of too many similar ones', tone: 'warn' },
  'operator/replay': { text: 'An operator had a webhook told again' },
  'webhook/sent': { text: 'A webhook was told' },
  'webhook/failed': { text: 'A webhook could not be told', tone: 'bad' },
  'webhook/skipped': { text: 'A webhook was not told' },
  'operator/erased': { text: 'An operator erased what was here of a person: digest and events stay' },
  'retention/raw-purged': { text: 'Its octets were removed, as they were kept for long enough: the digest stays' },
  'retention/content-purged': { text: 'What it says was removed, as it was kept for long enough' },
  'outbound/sent': { text: 'Our acknowledgement was taken by the mail server' },
  'outbound/failed': { text: 'Our acknowledgement could not be sent', tone: 'bad' },
  'outbound/skipped': { text: 'No acknowledgement was sent' },
}

export const JUDGED_AGAIN: Words = { text: 'An operator had it judged again, by the rules of that day' }
