/** Who may look, and who may act: by a token that is shown at login, or sent by a program (RFC 6750). */
import { createHash, timingSafeEqual } from 'node:crypto'

/** `auditor` reads. `operator` reads and acts. */
export type Role = 'auditor' | 'operator'

export interface ConsoleTokens {
  readonly operator: string
  /** null: there is none. */
  readonly auditor: string | null
}

export interface Actor {
  readonly role: Role
  /** As it stands in events: `token:operator`, or `oidc:` and who it is there (oidc/role.ts). */
  readonly name: string
}

/** In the same time whatever is given. */
export function actorOf(tokens: ConsoleTokens, given: string): Actor | null {
  const isOperator = isSame(tokens.operator, given)
  const isAuditor = tokens.auditor !== null && isSame(tokens.auditor, given)
  if (isOperator) return { role: 'operator', name: 'token:operator' }
  return isAuditor ? { role: 'auditor', name: 'token:auditor' } : null
}

const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))
const digest = (text: string) => createHash('sha256').update(text).digest()
