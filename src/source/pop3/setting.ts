import type { Setting as AnySetting } from '../connection.ts'
import type { Pop3Limits } from './limits.ts'

/** What a POP3 session stands on. */
export type Setting = AnySetting<Pop3Limits>
