import type { MailchuteError } from '../errors.ts'

/** What became of a message. */
export type Outcome =
  | { readonly state: 'ticketed'; readonly ticket: number; readonly isNew: boolean; readonly reason: string }
  | { readonly state: 'suppressed'; readonly reason: string; readonly duplicateOf?: string; readonly ticket?: number }
  /** `error` is what went wrong, if anything did. */
  | { readonly state: 'quarantined'; readonly reason: string; readonly error?: MailchuteError }
  /** Another run was first, or the message never waited. */
  | { readonly state: 'nothing-to-do' }
