import type { MailKind } from '../parsed-message.ts'
import type { Evidence } from './evidence.ts'

export interface Rule {
  /** Stable. */
  readonly code: string
  readonly kind: MailKind
  /** For operators. */
  readonly when: string
  readonly holds: (mail: Evidence) => boolean
}

/** Any field of these names whose value is like this. */
export const field =
  (names: readonly string[], value?: RegExp): Rule['holds'] =>
  (mail) =>
    mail.has(names, value)

export const any =
  (...rules: readonly Rule['holds'][]): Rule['holds'] =>
  (mail) =>
    rules.some((holds) => holds(mail))

/** The value of a field that is a switch. */
export const isYes = /^\W*(?!no\b|false\b|0\b)\w/i

export const PRECEDENCE = ['precedence', 'x-precedence']
