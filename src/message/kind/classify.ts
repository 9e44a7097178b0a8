import type { MailContent, ParsedMessage } from '../parsed-message.ts'
import { type Automatic, automatic } from './automatic.ts'

type Classified = Pick<ParsedMessage, 'kind' | 'reason' | 'mayAnswer' | 'delivery' | 'reportsOn'>

/** What kind of mail this is, by the first rule that holds; whom a bounce is about. */
export function classify({ header, from, subject }: MailContent): Classified {
  const [{ address } = { address: '' }] = from
  const found = automatic({ fields: header, sender: isAddress(address) ? address : null, subject })
  return { ...(found ?? NOTHING_AUTOMATIC), mayAnswer: found === null, delivery: null, reportsOn: [] }
}

const NOTHING_AUTOMATIC: Automatic = { reason: 'kind/none', kind: 'personal' }

/** RFC 5321 section 4.5.3.1. */
const ADDRESS_MAX_CHARACTERS = 320

/** An addr-spec that a mail can go to, whatever else RFC 5322 would allow. */
const isAddress = (address: string) =>
  address.length <= ADDRESS_MAX_CHARACTERS && /^[^\s<>()[\]\\,;:"@]+@[^\s<>()[\]\\,;:"@]+$/.test(address)
