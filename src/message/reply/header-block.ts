/** The lines From, Sent, To, Subject that Outlook and others write above the mail that is answered. */
import { HEADER_ROLES, type HeaderRole } from './header-names.ts'
import type { Line } from './lines.ts'

const MAX_LINES = 20
/** Long fields are broken over lines; pages set lines apart. */
const MAX_OTHER_LINES = 3
const ENOUGH_ROLES = 3

/**
 * Whether such a block begins at this line. Three different fields tell it, From and either a Subject or an address
 * among them: `From: Berlin, To: Munich, Date: 3 May` is what somebody wrote. Below a separator two are enough.
 */
export function beginsHeaderBlock(lines: readonly Line[], first: number, belowSeparator = false): boolean {
  if (rolesOf(lines[first]?.plain ?? '') === undefined) return false
  const roles = new Set<HeaderRole>()
  let addressed = false
  let others = 0
  for (const { plain } of lines.slice(first, first + MAX_LINES)) {
    const found = rolesOf(plain)
    if (found === undefined) {
      if (++others > MAX_OTHER_LINES) break
    } else {
      others = 0
      const role = [...found].find((candidate) => !roles.has(candidate))
      if (role !== undefined) roles.add(role)
    }
    addressed ||= plain.includes('@')
    if (isEnough(roles, addressed, belowSeparator)) return true
  }
  return false
}

function isEnough(roles: ReadonlySet<HeaderRole>, addressed: boolean, belowSeparator: boolean): boolean {
  if (!roles.has('from')) return false
  const told = roles.size - (roles.has('other') ? 1 : 0)
  return told >= (belowSeparator ? 2 : ENOUGH_ROLES) && (belowSeparator || roles.has('subject') || addressed)
}

const NAME_CHARS = 40

function rolesOf(plain: string): ReadonlySet<HeaderRole> | undefined {
  const colon = plain.indexOf(':')
  if (colon < 1 || colon > NAME_CHARS) return undefined
  return HEADER_ROLES.get(plain.slice(0, colon).replaceAll('_', '').trim())
}
