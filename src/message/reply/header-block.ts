/** The lines From, Sent, To, Subject that Outlook and others write above the mail that is answered. */
import { HEADER_ROLES, type HeaderRole } from './header-names.ts'
import type { Line } from './lines.ts'

const MAX_LINES = 20
/** Long fields are broken over lines; pages set lines apart. */
const MAX_OTHER_LINES = 3
const ENOUGH_ROLES = 3

/**
 * Whether such a block begins at this line. Three different fields tell it, From and either a Subject or an address
 * among them: `From: Berlin, To: Munich, Date: 3 May` is what somebody wrote. Below a separator two are enough. With
 * fields that only servers write it was pasted by the writer, to be looked at.
 */
export function beginsHeaderBlock(lines: readonly Line[], first: number, belowSeparator = false): boolean {
  const plain = lines[first]?.plain ?? ''
  if (rolesOf(plain) === undefined) return rolesWithoutColon(plain)?.has('from') === true && isBareBlock(lines, first)
  if (SERVER_FIELDS.test(lines[first - 1]?.plain ?? '')) return false
  const roles = new Set<HeaderRole>()
  let addressed = false
  let others = 0
  for (const line of lines.slice(first, first + MAX_LINES)) {
    if (SERVER_FIELDS.test(line.plain)) return false
    const found = rolesOf(line.plain)
    if (found !== undefined) others = 0
    else if (++others > MAX_OTHER_LINES) break
    addNew(roles, found)
    addressed ||= found !== undefined && line.plain.includes('@')
  }
  return isEnough(roles, addressed, belowSeparator)
}

const SERVER_FIELDS =
  /^(?:received|return-path|message-id|mime-version|content-type|content-transfer-encoding|delivered-to|dkim-signature|x-[a-z-]{1,40}):/

/** A name may have several roles: the first that is not taken. */
function addNew(roles: Set<HeaderRole>, found: ReadonlySet<HeaderRole> | undefined): void {
  const role = [...(found ?? [])].find((candidate) => !roles.has(candidate))
  if (role !== undefined) roles.add(role)
}

function isEnough(roles: ReadonlySet<HeaderRole>, addressed: boolean, belowSeparator: boolean): boolean {
  if (!roles.has('from')) return false
  const told = roles.size - (roles.has('other') ? 1 : 0)
  return told >= (belowSeparator ? 2 : ENOUGH_ROLES) && (belowSeparator || roles.has('subject') || addressed)
}

/** `Von Ann <a@b>`, `An Bob`, `Datum 3. Nov. 2026`, line below line: prose has no such three with an address and a number. */
function isBareBlock(lines: readonly Line[], first: number): boolean {
  const block = lines.slice(first, first + ENOUGH_ROLES)
  const roles = new Set<HeaderRole>()
  for (const { plain } of block) addNew(roles, rolesWithoutColon(plain))
  return (
    roles.size === ENOUGH_ROLES &&
    lines[first - 1]?.blank !== false &&
    block.some(({ plain }) => plain.includes('@')) &&
    block.some(({ plain }) => /\d{4}/.test(plain))
  )
}

function rolesWithoutColon(plain: string): ReadonlySet<HeaderRole> | undefined {
  const space = plain.indexOf(' ')
  return space < 2 || plain.length > MAX_BARE_CHARS ? undefined : HEADER_ROLES.get(plain.slice(0, space))
}

const MAX_BARE_CHARS = 120
const NAME_CHARS = 40

function rolesOf(plain: string): ReadonlySet<HeaderRole> | undefined {
  const colon = plain.indexOf(':')
  if (colon < 1 || colon > NAME_CHARS) return undefined
  return HEADER_ROLES.get(plain.slice(0, colon).replaceAll('_', '').trim())
}
