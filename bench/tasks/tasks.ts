import { audit } from './audit.ts'
import { browse } from './console.ts'
import { idle } from './idle.ts'
import { intake } from './intake.ts'
import { stages } from './stages.ts'
import { understandAll } from './understand.ts'

/** What runs in a process of its own; input and result are plain values. */
export const tasks = { intake, idle, audit, console: browse, stages, understand: understandAll }

export type Tasks = typeof tasks
export type TaskName = keyof Tasks
