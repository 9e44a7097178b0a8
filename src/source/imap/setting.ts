import type { Setting as AnySetting } from '../connection.ts'
import type { ImapLimits } from './limits.ts'

/** What an IMAP session stands on. */
export type Setting = AnySetting<ImapLimits>
