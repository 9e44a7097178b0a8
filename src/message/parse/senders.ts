import type { Address } from '../parsed-message.ts'
import type { HeaderReader } from './header-reader.ts'
import type { Reading } from './mime-tree.ts'

/** Where a sender is found when From names none, in this order. */
const SUBSTITUTES = ['reply-to', 'sender', 'return-path']

/** Who wrote: the mailboxes of From; where none of them has an address, those of the next field that has one. */
export function sendersOf(fields: HeaderReader, defects: Reading['defects']): Address[] {
  const from = fields.addresses('from')
  const usable = from.filter(({ address }) => address !== '')
  if (usable.length > 1) defects.add('from-several')
  if (usable.length > 0) return usable
  const name = from[0]?.name ?? ''
  for (const field of SUBSTITUTES) {
    const found = fields.addresses(field).find(({ address }) => address.includes('@'))
    if (found === undefined) continue
    defects.add('from-substituted')
    return [{ name: name || found.name, address: found.address }]
  }
  defects.add('from-missing')
  return from.slice(0, 1)
}
